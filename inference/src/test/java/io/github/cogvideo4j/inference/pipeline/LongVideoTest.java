package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.WindowOptions;
import io.github.cogvideo4j.inference.options.WindowOptions.Blend;
import io.github.cogvideo4j.inference.options.WindowOptions.Positions;
import io.github.cogvideo4j.inference.options.WindowOptions.Schedule;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What holds for windows over a long video whatever the numbers, what they go with, and what is refused.
class LongVideoTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private static PipelineOptions options(Precision precision) {
        return PipelineOptions.defaults().withCompute(new ComputeOptions(precision, "cpu", 1));
    }

    private static Path model(String name) {
        return Resources.golden("pipelines/" + name);
    }

    private static PipelineRequestBuilder small() {
        return PipelineRequest.builder()
                .prompt("a lighthouse")
                .height(32)
                .width(48)
                .numFrames(17)
                .steps(3);
    }

    private static WindowOptions windows(Schedule schedule, int size, int stride, int overlap) {
        return WindowOptions.of(schedule)
                .withSizes(OptionalInt.of(size), OptionalInt.of(stride), OptionalInt.of(overlap));
    }

    private static long farFrom(PipelineResult one, PipelineResult other) {
        return one.latents().values().mismatch(other.latents().values());
    }

    /// 17 frames are five latent ones, six where patches span two: a window of six or more changes nothing.
    @ParameterizedTest
    @CsvSource({"t2v-2b, FP32", "t2v-5b, FP32", "t2v-5b, BF16", "t2v-1.5, FP32"})
    void windowsThatCoverAVideoOnceAreNoWindows(String name, Precision precision) throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model(name), options(precision));
                PipelineResult plain = pipeline.generateAll(small().build(), JobControl.none())) {
            for (WindowOptions whole : List.of(
                    windows(Schedule.STATIC, 24, 4, 20),
                    windows(Schedule.UNIFORM, 40, 16, 0).withBlend(Blend.FADE),
                    windows(Schedule.LOOPED, 24, 8, 8).withPositions(Positions.VIDEO))) {
                PipelineRequest request = small().windows(whole).build();
                try (PipelineResult windowed = pipeline.generateAll(request, JobControl.none())) {
                    assertThat(farFrom(windowed, plain)).as("%s", whole).isEqualTo(-1);
                }
            }
        }
    }

    /// Each window has a state of its own, so that a cache that leaves nothing out leaves windows as they are,
    /// and one that leaves something out does so in every window.
    @Test
    void cachesGoWithWindowsThatStay() throws IOException {
        WindowOptions still = windows(Schedule.STATIC, 8, 4, 4);
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), options(Precision.FP32));
                PipelineResult exact =
                        pipeline.generateAll(small().windows(still).build(), JobControl.none())) {
            for (String idle : List.of("first-block:threshold=0", "pab:spatial_attention_block_skip_range=1")) {
                try (PipelineResult cached = pipeline.generateAll(
                        small().windows(still).cache(CacheChoice.of(idle)).build(), JobControl.none())) {
                    assertThat(farFrom(cached, exact)).as(idle).isEqualTo(-1);
                    assertThat(cached.cache().orElseThrow().share()).isEqualTo(1);
                }
            }
            try (PipelineResult cached = pipeline.generateAll(
                    small().windows(still)
                            .cache(CacheChoice.of("pab:spatial_attention_timestep_skip_range=0..1000"))
                            .build(),
                    JobControl.none())) {
                // Four windows, two blocks, guidance: the second of three calls is left out in each.
                assertThat(cached.cache().orElseThrow().attentions()).isEqualTo(4 * 2 * 2 * 2);
                assertThat(cached.cache().orElseThrow().evaluations()).isEqualTo(4 * 2 * 2 * 3);
            }
            PipelineRequestBuilder cached = small().cache(CacheChoice.of("pab"));
            long one = plan(pipeline, cached.numFrames(5).windows(still))
                    .cacheBytes()
                    .orElseThrow();
            long four = plan(pipeline, cached.numFrames(17).windows(still))
                    .cacheBytes()
                    .orElseThrow();
            assertThat(four).isEqualTo(4 * one);
        }
    }

    /// At the model's own size.
    private static PipelineRequestBuilder frames(int count) {
        return small().height(48).width(80).numFrames(count);
    }

    private static GenerationPlan plan(TextToVideoPipeline pipeline, PipelineRequestBuilder request) {
        return pipeline.plan(request.build());
    }

    @Test
    void cachesAndMovingWindowsAreRefusedByName() throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), options(Precision.FP32))) {
            for (Schedule schedule : List.of(Schedule.UNIFORM, Schedule.LOOPED)) {
                PipelineRequest request = small().windows(windows(schedule, 16, 4, 8))
                        .cache(CacheChoice.of("first-block"))
                        .build();
                assertThatThrownBy(() -> pipeline.plan(request))
                        .isInstanceOfSatisfying(
                                InvalidRequestException.class,
                                e -> assertThat(e.problem().message().text())
                                        .contains("first-block", schedule.toString(), "static"));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "t2v-2b, 3, 4, 0, window_size",
        "t2v-2b, 16, 3, 0, window_stride",
        "t2v-2b, 16, 4, 16, window_overlap",
        "t2v-2b, 16, 4, 100, window_overlap",
        "t2v-1.5, 12, 4, 4, pairs",
        "t2v-1.5, 4, 4, 0, window_size"
    })
    void sizesThatMeanNothingAreRefusedByName(String name, int size, int stride, int overlap, String part)
            throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model(name), options(Precision.FP32))) {
            PipelineRequest request = small().windows(windows(Schedule.STATIC, size, stride, overlap))
                    .build();
            assertThatThrownBy(() -> pipeline.plan(request))
                    .isInstanceOfSatisfying(
                            InvalidRequestException.class,
                            e -> assertThat(e.problem().message().text()).contains(part));
        }
    }

    @Test
    void placesInTheWholeVideoAndLearnedPositionsAreRefused() throws IOException {
        try (ImageToVideoPipeline pipeline = ImageToVideoPipeline.load(model("i2v-5b"), options(Precision.FP32));
                Image image = image()) {
            WindowOptions own = windows(Schedule.STATIC, 16, 4, 8).withPositions(Positions.VIDEO);
            PipelineRequest request =
                    small().height(48).width(80).image(image).windows(own).build();
            assertThatThrownBy(() -> pipeline.plan(request))
                    .isInstanceOfSatisfying(
                            InvalidRequestException.class,
                            e -> assertThat(e.problem().message().text()).contains("window_positions", "start"));
        }
    }

    private static Image image() throws IOException {
        return Image.read(Resources.golden("preprocess/tall_33x75_RGB.png"));
    }

    /// The strides of the reference's lists that make it fail (25 latent frames of 12, three strides, an
    /// overlap of four), end to end.
    @Test
    void listsThatStopTheReferenceAreComputed() throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-2b"), options(Precision.BF16))) {
            PipelineRequest request = small().numFrames(97)
                    .steps(2)
                    .windows(windows(Schedule.UNIFORM, 48, 12, 16))
                    .build();
            try (PipelineResult result = pipeline.generateAll(request, JobControl.none())) {
                assertThat(result.videos().getFirst().frames()).isEqualTo(97);
            }
        }
    }

    /// Weights and places in time change the result, and nothing but it; without shuffled noise it is another
    /// again.
    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "t2v-5b", "t2v-1.5"})
    void eachOptionCounts(String name) throws IOException {
        WindowOptions flat = windows(Schedule.STATIC, 16, 4, 8);
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model(name), options(Precision.FP32));
                PipelineResult one = pipeline.generateAll(
                        small().numFrames(25).steps(2).windows(flat).build(), JobControl.none())) {
            for (WindowOptions other : List.of(
                    flat.withBlend(Blend.FADE), flat.withPositions(Positions.VIDEO), flat.withFreeNoise(false))) {
                try (PipelineResult two = pipeline.generateAll(
                        small().numFrames(25).steps(2).windows(other).build(), JobControl.none())) {
                    assertThat(farFrom(one, two)).as("%s", other).isNotNegative();
                    assertThat(two.videos().getFirst().frames())
                            .isEqualTo(one.videos().getFirst().frames());
                }
            }
        }
    }

    /// An image stands at the head of every window; a video is changed window by window.
    @ParameterizedTest
    @EnumSource(Schedule.class)
    void imagesAndVideosGoWithWindows(Schedule schedule) throws IOException {
        WindowOptions windows = windows(schedule, 8, 4, 4);
        try (ImageToVideoPipeline pipeline = ImageToVideoPipeline.load(model("i2v-1.5"), options(Precision.FP32));
                Image image = image();
                PipelineResult result = pipeline.generateAll(
                        small().dynamicCfg(true).image(image).windows(windows).build(), JobControl.none())) {
            assertThat(result.videos().getFirst().frames()).isEqualTo(17);
        }
        try (VideoToVideoPipeline pipeline = VideoToVideoPipeline.load(model("t2v-5b"), options(Precision.FP32));
                Video video = Video.allocate(17, 32, 48, 8)) {
            for (long i = 0; i < video.pixels().byteSize(); i++) {
                video.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) (i * 7 + i / 4608));
            }
            PipelineRequest request =
                    small().video(video).strength(0.7).windows(windows).build();
            try (PipelineResult result = pipeline.generateAll(request, JobControl.none())) {
                assertThat(result.videos().getFirst().frames()).isEqualTo(17);
            }
        }
    }

    /// Each window has the frames of the control video that are its own: another end of that video changes no frame of
    /// the windows before it.
    @Test
    void aControlVideoMovesWithTheWindows() throws IOException {
        WindowOptions windows = windows(Schedule.STATIC, 8, 4, 0);
        Path model = Resources.funPipeline("fun-control-5b", folder);
        try (ControlToVideoPipeline pipeline = ControlToVideoPipeline.load(model, options(Precision.FP32));
                Video control = Video.allocate(25, 48, 80, 8);
                Video other = Video.allocate(25, 48, 80, 8)) {
            other.frame(24).fill((byte) 200);
            PipelineRequestBuilder request =
                    small().height(48).width(80).numFrames(25).windows(windows);
            try (PipelineResult one =
                            pipeline.generateAll(request.video(control).build(), JobControl.none());
                    PipelineResult two =
                            pipeline.generateAll(request.video(other).build(), JobControl.none())) {
                // Windows 0-1, 2-3, 4-5 and 5-6; the VAE encodes frames 17 to 24, latent frames 5 and 6, together.
                long frame = one.latents().values().byteSize() / 7;
                assertThat(farFrom(one, two)).isGreaterThanOrEqualTo(4 * frame);
            }
        }
    }

    /// Several prompts with seeds of their own give what each gives alone, shuffled noise included.
    @Test
    void aBatchIsItsVideos() throws IOException {
        WindowOptions windows = windows(Schedule.STATIC, 8, 4, 4);
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), options(Precision.FP32));
                PipelineResult both = pipeline.generateAll(
                        small().prompts(List.of("a lighthouse", "a lighthouse"))
                                .seeds(List.of(1L, 2L))
                                .windows(windows)
                                .steps(1)
                                .build(),
                        JobControl.none());
                PipelineResult second = pipeline.generateAll(
                        small().seed(2).windows(windows).steps(1).build(), JobControl.none())) {
            long bytes = second.latents().values().byteSize();
            for (long i = 0; i < bytes; i += Float.BYTES) {
                // another size of batch sums in another order
                assertThat(both.latents().values().get(ValueLayout.JAVA_FLOAT, bytes + i))
                        .isCloseTo(
                                second.latents().values().get(ValueLayout.JAVA_FLOAT, i),
                                org.assertj.core.api.Assertions.within(1e-4f));
            }
        }
    }

    /// The plan names the windows with their defaults; progress counts them.
    @Test
    void thePlanAndTheProgressCountWindows() throws IOException {
        AtomicLong total = new AtomicLong();
        AtomicLong done = new AtomicLong();
        JobControl control = JobControl.of(event -> {
            switch (event) {
                case JobEvent.Begun(var activity, long count) -> {
                    done.set(0);
                    if (activity == Stage.DENOISE) {
                        total.set(count);
                    }
                }
                case JobEvent.Advanced(long amount) -> done.addAndGet(total.get() > 0 ? amount : 0);
                default -> {}
            }
            if (total.get() > 0 && done.get() == total.get()) {
                total.set(-total.get());
            }
        });
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-2b"), options(Precision.FP32))) {
            GenerationPlan.Windows usual = plan(
                            pipeline, small().numFrames(97).windows(WindowOptions.of(Schedule.STATIC)))
                    .windows()
                    .orElseThrow();
            assertThat(usual.options()).isEqualTo(windows(Schedule.STATIC, 48, 4, 4));
            assertThat(usual.latentFrames()).isEqualTo(12);
            assertThat(usual.atFirst()).isEqualTo(3); // 0-11 11-22 13-24
            PipelineRequest request =
                    small().windows(windows(Schedule.STATIC, 8, 4, 4)).build();
            GenerationPlan.Windows windows = pipeline.plan(request).windows().orElseThrow();
            assertThat(windows.atFirst()).isEqualTo(4);
            assertThat(windows.calls()).isEqualTo(12);
            pipeline.generateAll(request, control).close();
            assertThat(total).hasValue(-12);
        }
    }

    @Test
    void framesBeyondTheTrainedOnesPropose() throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-2b"), options(Precision.FP32))) {
            List<Problem> warnings = plan(pipeline, frames(97)).warnings();
            assertThat(warnings)
                    .anySatisfy(warning ->
                            assertThat(warning.remedies()).contains(Remedy.change(Remedy.Field.WINDOWS, "uniform")));
            assertThat(plan(pipeline, frames(97).windows(WindowOptions.of(Schedule.UNIFORM)))
                            .warnings())
                    .isEmpty();
            assertThat(plan(pipeline, frames(97).windows(windows(Schedule.UNIFORM, 56, 4, 4)))
                            .warnings())
                    .anySatisfy(warning -> assertThat(warning.message().text()).contains("56", "49"));
        }
    }
}
