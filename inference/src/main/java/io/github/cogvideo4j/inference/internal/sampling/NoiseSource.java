package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import java.util.Optional;

/// The start of text to video: noise.
record NoiseSource() implements LatentSource {
    @Override
    public void check(Components components, PipelineRequest request) {
        InputLayout.TEXT.require(components.description());
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
