package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole runs with small weights against those of diffusers' layerwise casting to e4m3 and of torchao's weight-only
/// int8. The other formats of the folder (e5m2, int8 dynamic, float8 with scales, quantized text encoders) are not
/// offered.
class SmallWeightsGoldenTest {
    /// How far another order of summation moves these tensors in fp32 (golden/README.md).
    private static final double TRANSFORMER = 5e-6;

    private static final double LATENTS = 1.8e-5;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> runs() {
        return Golden.names("quant", "").stream()
                .filter(name -> name.contains("cast-e4m3") || name.matches(".*_int8wo_(bf16|fp32)"))
                .filter(name -> !name.contains("layer"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("runs")
    void runIsTheReferences(String name) throws IOException {
        WeightFormat format = name.contains("e4m3") ? WeightFormat.FP8 : WeightFormat.INT8;
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                GoldenRun run = new GoldenRun(
                        golden,
                        Resources.golden(
                                "pipelines/" + golden.meta().path("pipeline").stringValue()),
                        options(golden).withWeights(format),
                        Optional.empty())) {
            golden.assertClose(
                    "transformer_out_step0",
                    run.first("transformer_out_step0"),
                    TRANSFORMER * Math.max(1, golden.rms("transformer_out_step0")));
            golden.assertClose("step_latents", run.stepLatents(), LATENTS);
        }
        assertThat(runs()).hasSize(9);
    }

    private static PipelineOptions options(Golden golden) {
        return GoldenRun.options(golden.meta());
    }
}
