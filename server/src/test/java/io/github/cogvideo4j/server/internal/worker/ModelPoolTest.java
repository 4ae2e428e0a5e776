package io.github.cogvideo4j.server.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How often models are opened, and which of them stay.
class ModelPoolTest {
    private static final Path SMALL = Resources.golden("pipelines/t2v-2b");
    private static final Path LARGE = Resources.golden("pipelines/t2v-5b");

    @TempDir
    private Path folder;

    private GenerationRequest request(Path model) {
        return GenerationRequest.of(model, "a cat", folder.resolve("cat.mp4"))
                .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)))
                .withSettings(GenerationSettings.defaults()
                        .withHeight(48)
                        .withWidth(80)
                        .withNumFrames(9)
                        .withSteps(2));
    }

    private static GenerationRequest with(SchedulerChoice scheduler, GenerationRequest request) {
        return request.withOptions(request.options().withScheduler(scheduler));
    }

    private static void use(ModelPool pool, GenerationRequest request) throws IOException {
        pool.plan(request, JobControl.none()).close();
    }

    @Test
    void aModelIsOpenedOnceForAllSchedulersAndKindsOfInput() throws IOException {
        GenerationRequest text = request(SMALL);
        Path source = folder.resolve("source.mp4");
        try (ModelPool pool = new ModelPool(OptionalLong.empty(), 4)) {
            try (var plan = pool.plan(request(SMALL).withOutputs(GenerationOutputs.of(source)), JobControl.none())) {
                plan.run(JobControl.none());
            }
            GenerationRequest edited =
                    text.withPrompts(GenerationKind.V2V, List.of(new PromptInput("a cat", Optional.of(source))));
            for (SchedulerChoice scheduler : SchedulerChoice.values()) {
                use(pool, with(scheduler, text));
                use(pool, with(scheduler, edited));
            }
            assertThat(pool.loads()).isEqualTo(1);
            assertThat(pool.loaded()).containsExactly(SMALL);
        }
    }

    /// A request that the model cannot carry out leaves it open for the next one.
    @Test
    void aRequestThatIsRefusedClosesNothing() throws IOException {
        try (ModelPool pool = new ModelPool(OptionalLong.empty(), 4)) {
            use(pool, request(SMALL));
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> use(
                            pool,
                            request(SMALL)
                                    .withSettings(GenerationSettings.defaults().withHeight(47))));
            use(pool, with(SchedulerChoice.DPM, request(SMALL)));
            assertThat(pool.loads()).isEqualTo(1);
        }
    }

    @Test
    void anotherAdapterIsAnotherModel() throws IOException {
        GenerationRequest plain = request(LARGE);
        GenerationRequest adapted = plain.withOptions(plain.options()
                .withLoras(List.of(new LoraChoice(Resources.golden("lora/t2v-5b_r4.safetensors"), 0.5))));
        try (ModelPool pool = new ModelPool(OptionalLong.empty(), 4)) {
            use(pool, plain);
            use(pool, adapted);
            use(pool, with(SchedulerChoice.DPM, adapted));
            use(pool, with(SchedulerChoice.DPM, plain));
            assertThat(pool.loads()).isEqualTo(2);
        }
    }

    /// Whatever the scheduler, a model's use counts as the model's.
    @Test
    void theModelThatWasUsedTheLongestAgoGoesFirst() throws IOException {
        try (ModelPool pool = new ModelPool(OptionalLong.empty(), 1)) {
            use(pool, request(SMALL));
            use(pool, with(SchedulerChoice.DPM, request(SMALL)));
            use(pool, request(LARGE));
            assertThat(pool.loaded()).containsExactly(LARGE);
            assertThat(pool.loads()).isEqualTo(2);
            use(pool, with(SchedulerChoice.DDIM, request(SMALL)));
            assertThat(pool.loaded()).containsExactly(SMALL);
            assertThat(pool.loads()).isEqualTo(3);
        }
    }
}
