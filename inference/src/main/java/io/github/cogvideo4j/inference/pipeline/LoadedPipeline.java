package io.github.cogvideo4j.inference.pipeline;

/// What the pipelines have in common: all but where the first latents come from.
abstract sealed class LoadedPipeline implements VideoPipeline
        permits TextToVideoPipeline, ImageToVideoPipeline, VideoToVideoPipeline {
    private final Components components;
    private final LatentSource source;

    LoadedPipeline(Components components, LatentSource source) {
        this.components = components;
        this.source = source;
    }

    @Override
    public GenerationResult generateAll(GenerationRequest request, GenerationProgress progress) {
        return generateAll(request, progress, Probe.NONE);
    }

    GenerationResult generateAll(GenerationRequest request, GenerationProgress progress, Probe probe) {
        return new Generation(components, source, request, progress, probe).run();
    }

    @Override
    public GenerationPlan plan(GenerationRequest request) {
        return new Planning(components, source, request).plan();
    }

    @Override
    public void close() {
        components.close();
    }
}
