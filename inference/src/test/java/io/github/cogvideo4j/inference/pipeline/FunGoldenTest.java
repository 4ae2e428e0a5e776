package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole runs of CogVideoX-Fun's models against the reference's.
class FunGoldenTest {
    /// How far another order of summation moves these tensors in fp32 (golden/README.md).
    private static final double TRANSFORMER = 5e-6;

    private static final double VAE = 2e-5;
    /// That of latents, and beside it what the VAE may differ by: the encoded input is a part of every prediction.
    private static final double LATENTS = 1.8e-5 + VAE;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> controlled() {
        return Golden.names("control", "control-");
    }

    @ParameterizedTest
    @MethodSource("controlled")
    void controlIsTheReferences(String name) throws IOException {
        assertThat(controlled()).hasSize(4);
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                GoldenRun run = run(golden)) {
            golden.assertClose("control_latents", run.first("image_latents"), VAE);
            golden.assertClose("initial_latents", run.first("initial_latents"), 0);
            assertRun(run);
        }
    }

    private GoldenRun run(Golden golden) throws IOException {
        String pipeline = golden.meta().path("pipeline").stringValue();
        Path model = Resources.funPipeline(pipeline, folder.resolve(pipeline));
        return new GoldenRun(golden, model, GoldenRun.options(golden.meta()));
    }

    private static void assertRun(GoldenRun run) throws IOException {
        Golden golden = run.golden();
        golden.assertClose(
                "transformer_out_step0",
                run.first("transformer_out_step0"),
                TRANSFORMER * Math.max(1, golden.rms("transformer_out_step0")));
        Tensor timesteps = torch.tensor(
                run.timesteps().stream().mapToDouble(Double::doubleValue).toArray());
        golden.assertEqual("timesteps", timesteps.to(golden.out("timesteps").scalar_type()));
        golden.assertClose("step_latents", run.stepLatents(), LATENTS);
        if (golden.hasOutput("video_u8")) {
            PipelineGoldenTest.assertPixels(golden, "video_u8", run.pixels(1));
        }
    }
}
