package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.internal.sampling.Planning;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.util.List;

/// The request that makes one video again: with every default filled in, so that a repetition does not depend
/// on them.
public final class UsedRequest {
    private UsedRequest() {}

    /// The request of one video of a job.
    ///
    /// @param asked    what was asked for
    /// @param planning what it came to with the model
    /// @param compute  what it was computed with
    /// @param seed     the video's own seed
    public static GenerationRequest of(
            GenerationRequest asked, PromptInput prompt, Planning planning, ComputeOptions compute, long seed) {
        GenerationPlan plan = planning.plan();
        GenerationSettings settings = planning.request()
                .settings()
                .withHeight(plan.height())
                .withWidth(plan.width())
                .withFramesPerSecond(plan.framesPerSecond())
                .withVideosPerPrompt(1);
        if (asked.kind() != GenerationKind.V2V && !asked.kind().isControlled()) {
            settings = settings.withNumFrames(plan.requestedFrames());
        }
        settings = plan.windows()
                .map(GenerationPlan.Windows::options)
                .map(settings::withWindows)
                .orElse(settings);
        PipelineOptions options = asked.options();
        options = options.withCompute(compute.withDevice(plan.device()))
                .withScheduler(asked.options().scheduler().orElseGet(() -> SchedulerChoice.ofClass(plan.scheduler())));
        return asked.withOptions(options)
                .withPrompts(asked.kind(), List.of(prompt))
                .withSettings(settings)
                .withSeed(seed)
                .withTrial(false);
    }
}
