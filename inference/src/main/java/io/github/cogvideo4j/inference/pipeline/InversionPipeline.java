package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.InversionResult;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.io.IOException;
import java.nio.file.Path;

/// A pipeline that finds the noise that a video comes from, and makes the video again from other noise with that way as
/// its reference: what CogVideo's `ddim_inversion.py` does. For models with rotary positions: CogVideoX-5b, 1.5.
///
/// Of a request it takes one prompt, the video, the sizes and frames, the steps, the guidance scale, the
/// negative prompt, the seed and the rate. The way to the noise is gone without a prompt; the prompt belongs
/// to the reconstruction.
public final class InversionPipeline implements AutoCloseable {
    private final VideoGenerator generator;

    private InversionPipeline(VideoGenerator generator) {
        this.generator = generator;
    }

    /// Loads a model.
    ///
    /// @param model   the model's folder, as diffusers lays it out
    /// @param options as for generating; the way back is gone with DDIM, whatever the folder names
    /// @throws io.github.cogvideo4j.inference.InvalidModelException      when a part is missing or broken
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException    when the options choose another
    /// sampler than DDIM
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `native-library` or `device`
    public static InversionPipeline load(Path model, PipelineOptions options) throws IOException {
        if (options.scheduler().filter(choice -> choice != SchedulerChoice.DDIM).isPresent()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "inference.pipeline.inversion-scheduler");
        }
        return new InversionPipeline(VideoGenerator.ofInversion(model, options));
    }

    /// Inverts and reconstructs. Of the steps that the events show, those of the inversion have round 0
    /// and those of the reconstruction round 1.
    ///
    /// @return the result, which the caller closes
    /// @throws io.github.cogvideo4j.checkpoints.CancelledException when it was asked to stop
    public InversionResult invert(PipelineRequest request, JobControl control) {
        return generator.invert(generator.plan(request), control);
    }

    /// What a request would compute, and the memory it needs; nothing is computed.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException when it cannot be computed
    public GenerationPlan plan(PipelineRequest request) {
        return generator.plan(request).plan();
    }

    @Override
    public void close() {
        generator.close();
    }
}
