package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import java.util.Optional;

/// The start of text to video: noise.
record NoiseSource() implements LatentSource {
    @Override
    public void check(Components components, PipelineRequest request) {
        requireTextModel(components);
    }

    /// Refuses a model that wants an image.
    static void requireTextModel(Components components) {
        if (components.config().isImageToVideo()) {
            throw new InvalidModelException(
                    ProblemCode.PIPELINE_CLASS,
                    components.config().document().place(),
                    "inference.pipeline.wants-image",
                    components.config().inChannels());
        }
    }

    @Override
    public LatentShape shape(SizeRules sizes, PipelineRequest request) {
        return sizes.generated(request);
    }

    @Override
    public boolean encodesInput(PipelineRequest request) {
        return false;
    }

    @Override
    public Start start(Setting setting, SamplerRun sampler) {
        return new Start(
                sampler.start(setting.noise(setting.components().config().inChannels())), Optional.empty());
    }
}
