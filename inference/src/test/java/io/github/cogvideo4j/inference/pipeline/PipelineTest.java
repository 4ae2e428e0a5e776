package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.NativeObjects;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.sampling.Planning;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What pipelines refuse, warn of and hold to, whatever the numbers.
class PipelineTest {
    private static final PipelineOptions OPTIONS =
            PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.FP32, "cpu", 1));

    private static Path model(String name) {
        return Resources.golden("pipelines/" + name);
    }

    private static PipelineRequestBuilder small() {
        return PipelineRequest.builder()
                .prompt("a lighthouse")
                .height(32)
                .width(48)
                .numFrames(9)
                .steps(2);
    }

    private static void assertRefused(ProblemCode code, String part, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(CarriesProblem.class, e -> {
            assertThat(e.problem().code()).isEqualTo(code);
            assertThat(e.problem().message().text()).contains(part);
        });
    }

    private static void assertRefused(ProblemCode code, String part, UnaryOperator<PipelineRequestBuilder> change)
            throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), OPTIONS)) {
            assertRefused(code, part, () -> pipeline.plan(change.apply(small()).build()));
        }
    }

    @Test
    void sizesThatCannotBeComputedAreRefusedWithTheNearest() throws IOException {
        assertRefused(ProblemCode.REQUEST, "nearest possible one is 48", request -> request.height(45));
        assertRefused(ProblemCode.REQUEST, "nearest possible one is 16", request -> request.width(3));
        assertRefused(ProblemCode.REQUEST, "nearest possible number is 1", request -> request.numFrames(0));
        assertRefused(
                ProblemCode.REQUEST,
                "2 seeds for 3",
                request -> request.prompts(List.of("a", "b", "c")).seeds(List.of(1L, 2L)));
        assertRefused(ProblemCode.REQUEST, "0", request -> request.steps(0));
        assertRefused(ProblemCode.PROMPT, "empty", request -> request.prompt(" "));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e300, -1e300, 1.1e6, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void aGuidanceScaleThatLeavesNothingOfThePredictionIsRefused(double scale) throws IOException {
        assertRefused(ProblemCode.REQUEST, "guidance_scale", request -> request.guidanceScale(scale));
        try (InversionPipeline pipeline = InversionPipeline.load(model("t2v-5b"), OPTIONS);
                Video input = Video.allocate(9, 32, 48, 8)) {
            PipelineRequest request = small().video(input).guidanceScale(scale).build();
            assertRefused(ProblemCode.REQUEST, "guidance_scale", () -> pipeline.plan(request));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, 0, 1, 100, 1e6})
    void anyOtherGuidanceScaleIsTaken(double scale) throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), OPTIONS)) {
            assertThat(pipeline.plan(small().guidanceScale(scale).build()).steps())
                    .isEqualTo(2);
        }
    }

    @ParameterizedTest
    @CsvSource({"t2v-5b, 10, 9, 9", "t2v-5b, 13, 9, 16", "t2v-5b, 57, 49, 57", "t2v-1.5, 9, 1, 9", "t2v-1.5, 13, 17, 16"
    })
    void framesOutsideTheTrainedOnesAreAWarningThatSaysWhatComesOut(String name, int asked, int trained, int come)
            throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model(name), OPTIONS)) {
            GenerationPlan plan = pipeline.plan(small().numFrames(asked).build());
            assertThat(plan.frames()).isEqualTo(come);
            assertThat(plan.warnings())
                    .extracting(problem -> problem.message().text())
                    .anySatisfy(text -> assertThat(text)
                            .contains(Integer.toString(asked))
                            .contains(Integer.toString(trained))
                            .contains(Integer.toString(come)));
        }
    }

    @Test
    void theModelsOwnSizesAreTheDefaults() throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), OPTIONS)) {
            GenerationPlan plan = pipeline.plan(PipelineRequest.of("a lighthouse"));
            assertThat(List.of(plan.width(), plan.height(), plan.frames(), plan.latentFrames()))
                    .isEqualTo(List.of(80, 48, 49, 13));
            assertThat(plan.framesPerSecond()).isEqualTo(8);
            assertThat(plan.warnings()).isEmpty();
            assertThat(plan.scheduler()).isEqualTo("CogVideoXDPMScheduler");
        }
    }

    /// CogVideoX1.5's own configuration says 300, the largest grid; 2400 x 2400 would take hours.
    @Test
    void noDefaultIsBeyondTheTrainedSizesAndLargerOnesAreAWarning(@TempDir Path folder) throws IOException {
        Path copy = Resources.copy(model("t2v-1.5"), folder.resolve("model"));
        Path config = copy.resolve("transformer/config.json");
        Files.writeString(
                config, Files.readString(config).replaceAll("\"sample_(height|width)\": \\d+", "\"sample_$1\": 300"));
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(copy, OPTIONS)) {
            GenerationPlan plan = pipeline.plan(PipelineRequest.of("a lighthouse"));
            assertThat(List.of(plan.width(), plan.height())).isEqualTo(List.of(1360, 768));
            assertThat(plan.warnings()).isEmpty();
            GenerationPlan large = pipeline.plan(PipelineRequest.builder()
                    .prompt("a lighthouse")
                    .height(2400)
                    .width(2400)
                    .build());
            assertThat(large.warnings())
                    .extracting(problem -> problem.message().text())
                    .anyMatch(text -> text.contains("2400 x 2400") && text.contains("1360 x 768"));
            GenerationPlan upright = pipeline.plan(PipelineRequest.builder()
                    .prompt("a lighthouse")
                    .height(1360)
                    .width(768)
                    .build());
            assertThat(upright.warnings()).isEmpty();
        }
    }

    @Test
    void cutTokensAreCounted() throws IOException {
        List<Problem> warnings = new ArrayList<>();
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), OPTIONS);
                PipelineResult result = pipeline.generateAll(
                        small().prompt("a " + "very ".repeat(300) + "long prompt")
                                .steps(1)
                                .build(),
                        JobControl.none())) {
            warnings.addAll(result.warnings());
        }
        assertThat(warnings).anySatisfy(problem -> {
            assertThat(problem.code()).isEqualTo(ProblemCode.PROMPT);
            assertThat(problem.message().text())
                    .containsPattern("last \\d+ tokens")
                    .contains("226");
        });
    }

    @Test
    void aModelOfTheWrongKindAndAMissingInputAreRefused() throws IOException {
        try (TextToVideoPipeline text = TextToVideoPipeline.load(model("i2v-5b"), OPTIONS);
                ImageToVideoPipeline image = ImageToVideoPipeline.load(model("i2v-5b"), OPTIONS);
                ImageToVideoPipeline other = ImageToVideoPipeline.load(model("t2v-5b"), OPTIONS);
                VideoToVideoPipeline video = VideoToVideoPipeline.load(model("t2v-5b"), OPTIONS)) {
            PipelineRequest request = small().build();
            assertRefused(ProblemCode.PIPELINE_CLASS, "image", () -> text.plan(request));
            assertRefused(ProblemCode.PIPELINE_CLASS, "image", () -> other.plan(request));
            assertRefused(ProblemCode.IMAGE, "image", () -> image.plan(request));
            assertRefused(ProblemCode.VIDEO, "video", () -> video.plan(request));
            try (Video input = Video.allocate(9, 32, 48, 8)) {
                PipelineRequest weak = small().video(input).strength(0.3).build();
                assertRefused(ProblemCode.REQUEST, "0.5", () -> video.plan(weak));
            }
        }
    }

    @Test
    void aMissingComponentIsNamed(@TempDir Path temporary) throws IOException {
        Path copy = Resources.copy(model("t2v-2b"), temporary.resolve("model"));
        Files.move(copy.resolve("vae"), temporary.resolve("vae"));
        assertRefused(
                ProblemCode.COMPONENT_MISSING,
                "vae",
                () -> TextToVideoPipeline.load(copy, OPTIONS).close());
    }

    @Test
    void anAdapterOfAnotherModelIsRefused() {
        Path adapter = Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3/pytorch_lora_weights.safetensors");
        PipelineOptions options = OPTIONS.withLoras(List.of(new LoraChoice(adapter, 1)));
        assertThatThrownBy(
                        () -> TextToVideoPipeline.load(model("t2v-2b"), options).close())
                .isInstanceOfSatisfying(CheckpointException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.SHAPE_MISMATCH);
                    assertThat(e.problem().message().text()).startsWith("the adapter is for a model of another size");
                    assertThat(e.problem().place().file()).contains(adapter);
                });
    }

    @Test
    void aWatcherSeesEveryStepAndCanStop() throws IOException {
        List<Integer> steps = new ArrayList<>();
        Cancellation cancellation = new Cancellation();
        JobControl stopping = new JobControl(
                event -> {
                    if (event instanceof GenerationEvent.Stepped(GenerationStep step)) {
                        steps.add(step.number());
                        try (HostTensor latents = step.latents();
                                Video preview = step.preview()) {
                            assertThat(latents.shape()).containsExactly(1, 3, 16, 4, 6);
                            assertThat(List.of(preview.frames(), preview.height(), preview.width()))
                                    .isEqualTo(List.of(1, 32, 48));
                        }
                        if (step.number() == 2) {
                            cancellation.cancel();
                        }
                    }
                },
                cancellation);
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), OPTIONS)) {
            PipelineRequest request = small().steps(5).build();
            assertThatThrownBy(() -> pipeline.generateAll(request, stopping)).isInstanceOf(CancelledException.class);
        }
        assertThat(steps).containsExactly(1, 2);
    }

    @Test
    void theSecondVideoOfAPromptIsThatOfTheNextSeed() throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model("t2v-5b"), OPTIONS);
                PipelineResult both = pipeline.generateAll(
                        small().seed(7).numVideosPerPrompt(2).build(), JobControl.none());
                Video next = pipeline.generate(small().seed(8).build(), JobControl.none())) {
            assertThat(both.seeds()).containsExactly(7L, 8L);
            assertThat(both.videos().getLast().pixels().mismatch(next.pixels())).isEqualTo(-1);
            assertThat(both.videos().getFirst().pixels().mismatch(next.pixels()))
                    .isNotEqualTo(-1);
        }
    }

    @Test
    void whatCannotFitIsRefusedBeforeItStarts() {
        MemoryPlan plan = new MemoryPlan(
                List.of(
                        new MemoryPlan.StageMemory(Stage.DENOISE, 1L << 30, 0),
                        new MemoryPlan.StageMemory(Stage.DECODE, 3L << 30, 0)),
                OptionalLong.of(2L << 30),
                true);
        assertRefused(
                ProblemCode.MEMORY, "decode needs about 3.0 GiB", () -> Planning.requireMemory(plan, OPTIONS, true));
    }

    @Test
    void manyGenerationsLeaveMemoryAsItWas() throws IOException {
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(
                model("t2v-5b"), OPTIONS.withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)))) {
            NativeObjects.assertNoneLeftBy(() -> generate(pipeline, 3));
        }
    }

    private static void generate(TextToVideoPipeline pipeline, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            pipeline.generate(small().seed(i).build(), JobControl.none()).close();
        }
    }
}
