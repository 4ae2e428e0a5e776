package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.InversionResult;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampling.HostTensors;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/// Inversion and reconstruction against CogVideo's script.
class InversionGoldenTest {
    /// How far another order of summation moves these tensors in fp32 (golden/README.md).
    private static final double VAE = 2e-5;

    private static final double LATENTS = 1.8e-5;

    @BeforeAll
    static void start() {
        Torch.start(2);
    }

    static Stream<String> runs() {
        return Golden.names("e2e", "ddim_inversion").stream();
    }

    @ParameterizedTest
    @MethodSource("runs")
    void inversionIsTheReferences(String name) throws IOException {
        List<List<Double>> timesteps = List.of(new ArrayList<>(), new ArrayList<>());
        JobControl control = JobControl.of(event -> {
            if (event instanceof GenerationEvent.Stepped(GenerationStep step)) {
                timesteps.get(step.round()).add(step.timestep());
            }
        });
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                Video video = GoldenRun.video(golden.in("video_frames_u8"));
                InversionPipeline pipeline = InversionPipeline.load(
                        Resources.golden(
                                "pipelines/" + golden.meta().path("pipeline").stringValue()),
                        GoldenRun.options(golden.meta()));
                InversionResult result = pipeline.invert(request(golden.meta(), video), control)) {
            golden.assertClose("video_latents", HostTensors.view(result.videoLatents()), VAE);
            golden.assertEqual("inverse_timesteps", tensor(timesteps.getFirst()));
            golden.assertClose("inverse_latents", HostTensors.view(result.inverseLatents()), LATENTS);
            golden.assertEqual("recon_initial_latents", HostTensors.view(result.initialLatents()));
            golden.assertEqual("recon_timesteps", tensor(timesteps.getLast()));
            golden.assertClose("recon_latents", HostTensors.view(result.latents()), LATENTS);
            PipelineGoldenTest.assertPixels(golden, "recon_video_u8", pixels(result.reconstruction()));
        }
    }

    private static PipelineRequest request(JsonNode meta, Video video) {
        return PipelineRequest.builder()
                .prompt(meta.path("prompt").stringValue())
                .video(video)
                .height(video.height())
                .width(video.width())
                .steps(meta.path("steps").intValue())
                .guidanceScale(meta.path("guidance_scale").doubleValue())
                .seed(meta.path("seed").longValue())
                .build();
    }

    private static Tensor tensor(List<Double> values) {
        return torch.tensor(values.stream().mapToLong(Double::longValue).toArray());
    }

    private static Tensor pixels(Video video) {
        return NativeMemory.view(
                video.pixels(), ScalarType.Byte, 1, video.frames(), video.height(), video.width(), Video.CHANNELS);
    }

    @Test
    void whatCannotBeInvertedIsRefused() throws IOException {
        PipelineOptions options = PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 2));
        try (Video video = Video.allocate(9, 32, 48, 8);
                InversionPipeline rotary = InversionPipeline.load(Resources.golden("pipelines/t2v-5b"), options);
                InversionPipeline sincos = InversionPipeline.load(Resources.golden("pipelines/t2v-2b"), options)) {
            assertRefused(
                    () -> sincos.plan(PipelineRequest.builder()
                            .prompt("a cat")
                            .video(video)
                            .build()),
                    ProblemCode.PIPELINE_CLASS);
            assertRefused(() -> rotary.plan(PipelineRequest.of("a cat")), ProblemCode.VIDEO);
            assertRefused(
                    () -> rotary.plan(PipelineRequest.builder()
                            .prompts(List.of("a cat", "a dog"))
                            .video(video)
                            .build()),
                    ProblemCode.REQUEST);
            assertRefused(
                    () -> InversionPipeline.load(
                            Resources.golden("pipelines/t2v-5b"), options.withScheduler(SchedulerChoice.DPM)),
                    ProblemCode.REQUEST);
        }
    }

    private static void assertRefused(ThrowingCallable call, ProblemCode code) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        CarriesProblem.class,
                        e -> assertThat(e.problem().code()).isEqualTo(code));
    }
}
