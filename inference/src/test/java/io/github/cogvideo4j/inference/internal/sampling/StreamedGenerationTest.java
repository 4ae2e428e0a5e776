package io.github.cogvideo4j.inference.internal.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.NativeObjects;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.device.CountingLane;
import io.github.cogvideo4j.inference.internal.device.KernelChoice;
import io.github.cogvideo4j.inference.internal.device.MeasuredChoices;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Kernels;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole generations whose weights come and go, on a device that computes as the processor does and counts: the same
/// videos to the bit, and after memory was used up the same again.
class StreamedGenerationTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private static PipelineOptions options(Precision precision, Offload offload, WeightFormat format) {
        return PipelineOptions.defaults()
                .withCompute(new ComputeOptions(precision, "cpu", 1).withOffload(offload))
                .withWeights(format);
    }

    private static VideoGenerator open(String model, PipelineOptions options, CopyLane.Maker lanes) throws IOException {
        return new VideoGenerator(
                Components.open(
                        Resources.golden("pipelines/" + model), options, ComputeDevice.CPU, lanes, Optional.empty()),
                options,
                new NoiseSource());
    }

    private static PipelineRequest request(boolean cached) {
        var builder = PipelineRequest.builder()
                .prompt("a panda plays the guitar")
                .numFrames(9)
                .steps(4)
                .seed(5);
        return (cached ? builder.cache(new CacheChoice("pab", Map.of())) : builder).build();
    }

    /// The latents and the pixels.
    private static byte[][] generated(VideoGenerator generator, PipelineRequest request) {
        try (PipelineResult result = generator.generate(generator.plan(request), JobControl.none(), TensorProbe.NONE)) {
            return new byte[][] {
                result.latents().values().toArray(ValueLayout.JAVA_BYTE),
                result.videos().getFirst().pixels().toArray(ValueLayout.JAVA_BYTE)
            };
        }
    }

    @ParameterizedTest
    @CsvSource({
        "t2v-2b, FP32, DENSE, false, STREAM",
        "t2v-5b, BF16, DENSE, false, STREAM",
        "t2v-5b, BF16, DENSE, true, STREAM",
        "t2v-5b, FP32, FP8, false, STREAM",
        "t2v-2b, BF16, INT8, false, STREAM",
        "t2v-1.5, FP16, DENSE, false, STREAM",
        "t2v-5b, BF16, FP8, false, MODEL",
    })
    void aVideoIsTheSameWhereverItsWeightsAre(
            String model, Precision precision, WeightFormat format, boolean cached, Offload offload)
            throws IOException {
        CountingLane.Count count = new CountingLane.Count(_ -> false);
        try (VideoGenerator plain = open(model, options(precision, Offload.NONE, format), count.maker());
                VideoGenerator moved = open(model, options(precision, offload, format), count.maker())) {
            assertThat(generated(moved, request(cached))).isDeepEqualTo(generated(plain, request(cached)));
            assertThat(count.most() > 0).isEqualTo(offload == Offload.STREAM);
            assertThat(count.bytes())
                    .as("before the decoder, blocks leave the device")
                    .isZero();
            assertThat(moved.plan(request(cached)).plan().memory().offload()).isEqualTo(offload);
        }
    }

    /// Stated times stand in for a card's.
    @Test
    void aRunTellsWhichKernelsItTook() throws IOException {
        KernelChoice choice = new KernelChoice(
                "a card",
                new MeasuredChoices(folder.resolve("kernels.json")),
                (kernel, _) -> kernel == AttentionKernel.FLASH ? OptionalDouble.of(1) : OptionalDouble.empty(),
                (benchmark, _) -> OptionalDouble.of(benchmark ? 1 : 2));
        PipelineOptions options = options(Precision.FP32, Offload.NONE, WeightFormat.DENSE);
        options = options.withCompute(options.compute().withKernels(AttentionKernel.FLASH, Optional.empty()));
        try (VideoGenerator generator = new VideoGenerator(
                Components.open(
                        Resources.golden("pipelines/t2v-2b"),
                        options,
                        ComputeDevice.CPU,
                        CopyLane.of(ComputeDevice.CPU),
                        Optional.of(choice)),
                options,
                new NoiseSource())) {
            generated(generator, request(false));
            assertThat(generator.compute())
                    .isEqualTo(options.compute().withKernels(AttentionKernel.FLASH, Optional.of(true)));
        } finally {
            Kernels.use(AttentionKernel.AUTO, false);
        }
    }

    /// The 1st call opens the text encoder's lane, the next two copy its layers; the others are the transformer's.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void afterMemoryIsUsedUpTheNextVideoIsAsEver(int call) throws IOException {
        PipelineOptions options = options(Precision.BF16, Offload.STREAM, WeightFormat.DENSE);
        PipelineRequest request = request(false);
        byte[][] expected;
        CountingLane.Count unlimited = new CountingLane.Count(_ -> false);
        try (VideoGenerator generator = open("t2v-5b", options, unlimited.maker())) {
            expected = generated(generator, request);
        }
        CountingLane.Count count = new CountingLane.Count(number -> number == call);
        try (VideoGenerator generator = open("t2v-5b", options, count.maker())) {
            MissingCapabilityException failure =
                    catchThrowableOfType(MissingCapabilityException.class, () -> generated(generator, request));
            assertThat(failure.problem().code()).isEqualTo(ProblemCode.MEMORY);
            assertThat(failure.problem().remedies())
                    .isNotEmpty()
                    .contains(Remedy.change(Remedy.Field.SIZE))
                    .doesNotContain(Remedy.change(Remedy.Field.OFFLOAD, "stream"));
            assertThat(count.bytes()).isZero();
            assertThat(generated(generator, request)).isDeepEqualTo(expected);
        }
    }

    @Test
    void runsWithoutMemoryLeaveNothingBehind() throws IOException {
        CountingLane.Count count = new CountingLane.Count(call -> call % 5 == 0);
        PipelineOptions options = options(Precision.BF16, Offload.STREAM, WeightFormat.INT8);
        try (VideoGenerator generator = open("t2v-2b", options, count.maker())) {
            NativeObjects.assertNoneLeftBy(() -> assertThat(catchThrowableOfType(
                            MissingCapabilityException.class, () -> generated(generator, request(false))))
                    .isNotNull());
            assertThat(count.bytes()).isZero();
        }
    }
}
