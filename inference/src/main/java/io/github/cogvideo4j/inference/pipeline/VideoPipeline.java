package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;

/// A loaded model that generates videos. One generation at a time, each on the thread that asks for it.
///
/// Errors: a request that cannot be computed is an [InvalidRequestException], a model that is broken or
/// incomplete an [io.github.cogvideo4j.inference.InvalidModelException], a machine that lacks memory or a
/// device a [io.github.cogvideo4j.inference.MissingCapabilityException].
public sealed interface VideoPipeline extends AutoCloseable permits LoadedPipeline {
    /// Generates all videos that a request asks for.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.CancelledException when it was asked to stop
    PipelineResult generateAll(PipelineRequest request, JobControl control) throws IOException;

    /// What a request would compute, and the memory it needs; nothing is computed.
    ///
    /// @throws InvalidRequestException when it cannot be computed
    GenerationPlan plan(PipelineRequest request) throws IOException;

    /// Generates one video.
    ///
    /// @return the video, which the caller closes
    /// @throws InvalidRequestException `request` when the request is for several
    default Video generate(PipelineRequest request, JobControl control) throws IOException {
        int videos = Math.max(1, request.prompts().size()) * request.settings().videosPerPrompt();
        if (videos != 1) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "inference.pipeline.one-video", videos);
        }
        PipelineResult result = generateAll(request, control);
        result.latents().close();
        return result.videos().getFirst();
    }

    /// Frees the model.
    @Override
    void close();
}
