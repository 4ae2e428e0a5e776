package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// From a training checkpoint to the video that the fine-tuned model of the reference makes.
class WholeRoadTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// As the reference converted it, also where it then computed in fp32.
    private static final ConversionOptions BF16 = ConversionOptions.defaults().withDType(TargetDType.BF16);

    @ParameterizedTest
    @CsvSource({
        "sample-t2v-2b, output/checkpoint-3, bf16",
        "sample-t2v-2b, output/checkpoint-3, fp32",
        "sample-i2v-5b, output/checkpoint-4, bf16",
        "sample-i2v-5b, output/checkpoint-4, fp32"
    })
    void whatWasTrainedIsWhatIsGenerated(String sample, String checkpoint, String dtype, @TempDir Path temporary)
            throws IOException {
        Path folder = Resources.fixture(sample);
        try (Golden golden = Golden.open(folder.resolve("reference/e2e/" + sample + "_" + dtype + ".json"))) {
            Path base = Resources.golden(
                    "pipelines/" + golden.meta().path("pipeline").stringValue());
            Path model = temporary.resolve("model");
            Converter.convert(
                    ConversionPlanner.plan(
                            Checkpoints.open(folder.resolve(checkpoint), SourceOptions.defaults()),
                            model,
                            Optional.of(BaseModel.read(base)),
                            BF16),
                    JobControl.none());
            PipelineOptions options = GoldenRun.options(golden.meta());
            try (PointerScope _ = new PointerScope();
                    GoldenRun converted = new GoldenRun(golden, model, options)) {
                PipelineGoldenTest.assertRun(converted);
                if (dtype.equals("bf16")) {
                    assertUnconverted(
                            converted,
                            new GoldenRun(golden, base, options.withTransformer(folder.resolve(checkpoint))));
                }
            }
        }
    }

    /// Its fp32 master copies are cast to bf16 as the conversion casts them.
    private static void assertUnconverted(GoldenRun converted, GoldenRun unconverted) throws IOException {
        try (unconverted) {
            assertThat(torch.equal(unconverted.pixels(1), converted.pixels(1))).isTrue();
        }
    }
}
