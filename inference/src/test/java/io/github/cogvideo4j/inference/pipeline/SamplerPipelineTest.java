package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every sampler makes videos, and the plan knows how often it calls the model.
class SamplerPipelineTest {
    private static final int STEPS = 4;
    private static final Path MODEL = Resources.golden("pipelines/t2v-5b");

    private static PipelineOptions options(SchedulerChoice choice) {
        return PipelineOptions.defaults()
                .withCompute(new ComputeOptions(Precision.BF16, "cpu", 1))
                .withScheduler(choice);
    }

    private static int calls(SchedulerChoice choice, int steps) {
        return switch (choice) {
            case HEUN -> 2 * steps - 1;
            case PNDM -> steps + 3 * Math.min(3, steps - 1);
            default -> steps;
        };
    }

    @ParameterizedTest
    @EnumSource
    void aVideoFromText(SchedulerChoice choice) throws IOException {
        PipelineRequest request = PipelineRequest.builder()
                .prompt("a lighthouse")
                .height(32)
                .width(48)
                .numFrames(9)
                .steps(STEPS)
                .build();
        Steps steps = new Steps();
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(MODEL, options(choice))) {
            GenerationPlan plan = pipeline.plan(request);
            assertThat(SchedulerChoice.ofClass(plan.scheduler())).isEqualTo(choice);
            assertThat(plan.steps()).isEqualTo(calls(choice, STEPS));
            try (Video video = pipeline.generate(request, JobControl.of(steps))) {
                assertThat(video.frames()).isEqualTo(9);
            }
        }
        assertThat(steps.timesteps).hasSize(calls(choice, STEPS));
    }

    @ParameterizedTest
    @EnumSource
    void aVideoFromAVideo(SchedulerChoice choice) throws IOException {
        Steps steps = new Steps();
        try (Video input = Video.allocate(9, 32, 48, 8)) {
            PipelineRequest request = PipelineRequest.builder()
                    .prompt("a lighthouse")
                    .video(input)
                    .strength(0.5)
                    .height(32)
                    .width(48)
                    .steps(STEPS)
                    .build();
            try (VideoToVideoPipeline pipeline = VideoToVideoPipeline.load(MODEL, options(choice));
                    Video video = pipeline.generate(request, JobControl.of(steps))) {
                assertThat(video.frames()).isPositive();
            }
        }
        // Half of the steps are left, and the first timestep is no longer the noisiest.
        assertThat(steps.timesteps).hasSize(calls(choice, STEPS / 2));
        assertThat(steps.timesteps.getFirst()).isLessThan(600);
    }

    private static final class Steps implements JobListener {
        private final List<Double> timesteps = new ArrayList<>();

        @Override
        public void on(JobEvent event) {
            if (event instanceof GenerationEvent.Stepped stepped) {
                timesteps.add(stepped.step().timestep());
            }
        }
    }
}
