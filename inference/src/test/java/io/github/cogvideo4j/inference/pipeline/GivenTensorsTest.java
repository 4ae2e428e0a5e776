package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampling.HostTensors;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// HostTensor and prompt embeddings that the caller brings along, instead of a seed and words.
class GivenTensorsTest {
    /// How far another order of summation moves latents in fp32 (golden/README.md).
    private static final double LATENTS = 1.8e-5;

    private static final int WIDTH = 32;
    private static final PipelineOptions FP32 =
            PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.FP32, "cpu", 1));

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// Under another seed and without a prompt: all that shapes the run is what was given.
    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b_base_fp32", "t2v-2b_base_bf16"})
    void theReferencesOwnTensorsGiveTheReferencesRun(String name) throws IOException {
        try (Golden golden = Golden.open("e2e/" + name);
                PointerScope _ = new PointerScope();
                HostTensor initial = HostTensors.copyOf(golden.out("initial_latents"));
                HostTensor positive = HostTensors.copyOf(golden.out("prompt_embeds"));
                HostTensor negative = HostTensors.copyOf(golden.out("negative_prompt_embeds"));
                Steps steps = new Steps();
                TextToVideoPipeline pipeline = load("t2v-2b", GoldenRun.options(golden.meta()))) {
            PipelineRequest request = asCalled(golden.meta().path("call"))
                    .prompts(List.of())
                    .initialLatents(initial)
                    .promptEmbeds(positive)
                    .negativePromptEmbeds(negative)
                    .build();
            pipeline.generate(request, JobControl.of(steps)).close();
            golden.assertEqual(
                    "initial_latents", HostTensors.view(steps.initial().getFirst()));
            golden.assertClose("step_latents", steps.stacked(), LATENTS);
        }
    }

    /// Where the reference recorded no embeddings the prompt stays: the noise alone is given.
    @ParameterizedTest
    @ValueSource(strings = {"t2v-5b_ddim_fp32", "t2v-2b_batch2_fp32", "t2v-2b_nocfg_fp32"})
    void theReferencesOwnNoiseGivesTheReferencesRun(String name) throws IOException {
        try (Golden golden = Golden.open("e2e/" + name);
                PointerScope _ = new PointerScope();
                HostTensor initial = HostTensors.copyOf(golden.out("initial_latents"));
                Steps steps = new Steps();
                TextToVideoPipeline pipeline =
                        load(golden.meta().path("pipeline").stringValue(), GoldenRun.options(golden.meta()))) {
            PipelineRequestBuilder request =
                    asCalled(golden.meta().path("call")).initialLatents(initial);
            pipeline.generateAll(request.build(), JobControl.of(steps)).close();
            golden.assertClose("step_latents", steps.stacked(), LATENTS);
        }
    }

    @Test
    void latentsOfAnotherShapeAreRefusedByName() throws IOException {
        assertRefused("latents", request -> request, HostTensor.allocate(Precision.FP32, 1, 3, 16, 4, 7));
        assertRefused("latents", request -> request, HostTensor.allocate(Precision.FP32, 2, 3, 16, 4, 6));
        assertRefused("latents", request -> request, HostTensor.allocate(Precision.FP32, 3, 16, 4, 6));
    }

    @Test
    void embeddingsOfAnotherShapeAreRefusedByName() throws IOException {
        try (HostTensor fitting = embeds(1, 226, WIDTH);
                HostTensor narrow = embeds(1, 226, WIDTH - 1);
                HostTensor two = embeds(2, 226, WIDTH);
                HostTensor flat = embeds(226, WIDTH);
                HostTensor few = embeds(1, 100, WIDTH)) {
            assertRefused("prompt_embeds", request -> request.promptEmbeds(narrow));
            assertRefused("prompt_embeds", request -> request.promptEmbeds(flat));
            assertRefused(
                    "negative_prompt_embeds",
                    request -> request.promptEmbeds(fitting).negativePromptEmbeds(two));
            assertRefused("negative_prompt_embeds", request -> request.negativePromptEmbeds(narrow));
            // Both halves of a guided prediction have as many tokens.
            assertRefused(
                    "negative_prompt_embeds",
                    request -> request.promptEmbeds(fitting).negativePromptEmbeds(few));
            assertRefused("negative_prompt_embeds", request -> request.negativePromptEmbeds(few));
            assertRefused("prompt_embeds", request -> request.promptEmbeds(few));
        }
    }

    /// The number of tokens is the caller's where nothing else has to go with it.
    @Test
    void embeddingsMayHaveAnotherNumberOfTokens() throws IOException {
        try (HostTensor few = embeds(1, 100, WIDTH);
                TextToVideoPipeline pipeline = load("t2v-5b", FP32)) {
            for (PipelineRequestBuilder request : List.of(
                    small().promptEmbeds(few).guidanceScale(1),
                    small().promptEmbeds(few).negativePromptEmbeds(few),
                    small().promptEmbeds(few).maxSequenceLength(100))) {
                try (Video video = pipeline.generate(request.prompts(List.of()).build(), JobControl.none())) {
                    assertThat(video.frames()).isEqualTo(9);
                }
            }
        }
    }

    /// The reference's call under another seed.
    private static PipelineRequestBuilder asCalled(JsonNode call) {
        return PipelineRequest.builder()
                .prompts(GoldenRun.strings(call.path("prompt")))
                .negativePrompts(GoldenRun.strings(call.path("negative_prompt")))
                .seed(7)
                .steps(call.path("num_inference_steps").intValue())
                .guidanceScale(call.path("guidance_scale").doubleValue())
                .height(call.path("height").intValue())
                .width(call.path("width").intValue())
                .numFrames(call.path("num_frames").intValue());
    }

    private static HostTensor embeds(long... shape) {
        return HostTensor.allocate(Precision.FP32, shape);
    }

    private static TextToVideoPipeline load(String model, PipelineOptions options) throws IOException {
        return TextToVideoPipeline.load(Resources.golden("pipelines/" + model), options);
    }

    private static PipelineRequestBuilder small() {
        return PipelineRequest.builder()
                .prompt("a lighthouse")
                .height(32)
                .width(48)
                .numFrames(9)
                .steps(1);
    }

    private static void assertRefused(String name, UnaryOperator<PipelineRequestBuilder> change) throws IOException {
        try (TextToVideoPipeline pipeline = load("t2v-5b", FP32)) {
            PipelineRequest request = change.apply(small()).build();
            assertThatThrownBy(() -> pipeline.generateAll(request, JobControl.none()))
                    .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                        assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST);
                        assertThat(e.problem().message().text()).startsWith(name + " has type and shape FP32 [");
                    });
        }
    }

    private static void assertRefused(String name, UnaryOperator<PipelineRequestBuilder> change, HostTensor initial)
            throws IOException {
        try (initial) {
            assertRefused(name, request -> change.apply(request).initialLatents(initial));
        }
    }

    /// Keeps what a watcher is shown.
    private record Steps(List<HostTensor> initial, List<HostTensor> after) implements JobListener, AutoCloseable {
        Steps() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        @Override
        public void on(JobEvent event) {
            if (event instanceof GenerationEvent.Started(HostTensor latents)) {
                initial.add(HostTensors.copyOf(HostTensors.view(latents)));
            } else if (event instanceof GenerationEvent.Stepped stepped) {
                after.add(stepped.step().latents());
            }
        }

        Tensor stacked() {
            return torch.stack(
                    new TensorVector(after.stream().map(HostTensors::view).toArray(Tensor[]::new)));
        }

        @Override
        public void close() {
            initial.forEach(HostTensor::close);
            after.forEach(HostTensor::close);
        }
    }
}
