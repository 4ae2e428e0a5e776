package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import java.util.Optional;

/// The start of an inversion: a video's own latents, without noise.
///
/// Source: `encode_video_frames` of CogVideo's `ddim_inversion.py`.
record InversionSource() implements LatentSource {
    @Override
    public void check(Components components, PipelineRequest request) {
        InputLayout.TEXT.require(components.description());
        // The inverse scheduler knows no shift of the signal-to-noise ratio, with which the models without
        // rotary positions were trained: the reference's script refuses them too.
        if (!components.config().useRotaryPositionalEmbeddings()) {
            throw new InvalidModelException(
                    ProblemCode.PIPELINE_CLASS,
                    components.config().document().place(),
                    "inference.pipeline.inversion-positions");
        }
        if (request.video().isEmpty()) {
            throw RequestCheck.refused(ProblemCode.VIDEO, "inference.pipeline.inversion-video");
        }
        int videos = RequestCheck.prompts(request) * request.settings().videosPerPrompt();
        if (videos != 1) {
            throw RequestCheck.refused(ProblemCode.REQUEST, "inference.pipeline.one-video", videos);
        }
    }

    @Override
    public LatentShape shape(SizeRules sizes, PipelineRequest request) {
        return sizes.edited(request, request.video().orElseThrow());
    }

    /// The reconstruction's, with the rows of the reference.
    @Override
    public int rows(PipelineRequest request) {
        return request.settings().isGuided() ? 4 : 2;
    }

    @Override
    public boolean encodesInput(PipelineRequest request) {
        return true;
    }

    @Override
    public Start start(Setting setting, SamplerRun sampler) {
        return new Start(VideoSource.clean(setting), Optional.empty());
    }
}
