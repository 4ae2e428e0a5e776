package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models whose numbers overflow on the way.
class OverflowTest {
    private static final String WEIGHT = "proj_out.weight";

    @TempDir
    private Path temporary;

    private Path model = Path.of("");

    @BeforeEach
    void copy() throws IOException {
        model = Resources.copy(Resources.golden("pipelines/t2v-2b"), temporary.resolve("model"));
    }

    /// What fp16 cannot hold, bf16 can: what the message advises is what helps.
    @Test
    void halfPrecisionThatOverflowsSaysWhatToTry() throws IOException {
        change(value -> value * 1e6);
        List<Integer> steps = new ArrayList<>();
        assertNotFinite(Precision.FP16, steps, Remedy.change(Remedy.Field.DTYPE, "bf16")::equals);
        try (TextToVideoPipeline pipeline = load(Precision.BF16);
                Video video = pipeline.generate(request(), JobControl.none())) {
            assertThat(video.frames()).isEqualTo(9);
        }
    }

    @Test
    void aWeightThatIsNoNumberIsNoQuestionOfPrecision() throws IOException {
        change(_ -> Double.NaN);
        List<Integer> steps = new ArrayList<>();
        assertNotFinite(
                Precision.FP32, steps, remedy -> remedy instanceof Remedy.Diagnose(Path _, boolean deep) && deep);
    }

    @Test
    void strongGuidanceThatOverflowsIsNotTheWeightsFault() throws IOException {
        change(value -> value * 100);
        try (TextToVideoPipeline pipeline = load(Precision.FP16)) {
            pipeline.generate(request(), JobControl.none()).close();
        }
        PipelineRequest request = PipelineRequest.builder()
                .prompt("a lighthouse")
                .height(32)
                .width(48)
                .numFrames(9)
                .steps(3)
                .guidanceScale(1e6)
                .build();
        try (TextToVideoPipeline pipeline = load(Precision.FP16)) {
            assertThatThrownBy(() -> pipeline.generateAll(request, JobControl.none()))
                    .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                        assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST);
                        assertThat(e.problem().message().text()).contains("with a guidance scale of 1000000.0");
                    });
        }
    }

    private void assertNotFinite(Precision precision, List<Integer> steps, Predicate<Remedy> advice)
            throws IOException {
        JobControl watching = JobControl.of(event -> {
            if (event instanceof GenerationEvent.Stepped stepped) {
                steps.add(stepped.step().number());
            }
        });
        try (TextToVideoPipeline pipeline = load(precision)) {
            assertThatThrownBy(() -> pipeline.generateAll(request(), watching))
                    .isInstanceOfSatisfying(InvalidModelException.class, e -> {
                        assertThat(e.problem().code()).isEqualTo(ProblemCode.NAN_INF);
                        assertThat(e.problem().place().file())
                                .hasValueSatisfying(file -> assertThat(file).startsWith(model.resolve("transformer")));
                        // The step is the one after the last that was told of.
                        assertThat(e.problem().message().text()).contains("at step " + (steps.size() + 1) + " of 3");
                        assertThat(e.problem().remedies()).anyMatch(advice);
                    });
        }
    }

    private TextToVideoPipeline load(Precision precision) throws IOException {
        return TextToVideoPipeline.load(
                model, PipelineOptions.defaults().withCompute(new ComputeOptions(precision, "cpu", 1)));
    }

    private static PipelineRequest request() {
        return PipelineRequest.builder()
                .prompt("a lighthouse")
                .height(32)
                .width(48)
                .numFrames(9)
                .steps(3)
                .build();
    }

    /// Changes one weight of the copy, in place.
    private void change(DoubleUnaryOperator change) throws IOException {
        Path file = model.resolve("transformer/diffusion_pytorch_model.safetensors");
        StoredTensor weight = SafetensorsFile.open(file, Strictness.STRICT, new Warnings())
                .tensor(WEIGHT)
                .orElseThrow();
        var extent = ((TensorData.Extents) weight.data()).parts().getFirst();
        int offset = Math.toIntExact(((Storage.Plain) extent.storage()).offset() + extent.offset());
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = offset; at < offset + extent.length(); at += Float.BYTES) {
            values.putFloat(at, (float) change.applyAsDouble(values.getFloat(at)));
        }
        Files.write(file, bytes);
    }
}
