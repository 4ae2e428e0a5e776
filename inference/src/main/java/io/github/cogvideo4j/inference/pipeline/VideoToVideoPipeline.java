package io.github.cogvideo4j.inference.pipeline;

import java.io.IOException;
import java.nio.file.Path;

/// Generates videos from a prompt and a video that is changed.
public final class VideoToVideoPipeline implements VideoPipeline {
    private static final LatentSource SOURCE = new VideoSource();

    private final Components components;

    private VideoToVideoPipeline(Components components) {
        this.components = components;
    }

    /// Loads a model.
    ///
    /// @param model the model's folder, as diffusers lays it out
    /// @throws io.github.cogvideo4j.inference.InvalidModelException      when a part is missing or broken
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `native-library` or `device`
    public static VideoToVideoPipeline load(Path model, PipelineOptions options) throws IOException {
        return new VideoToVideoPipeline(Components.open(model, options));
    }

    @Override
    public GenerationResult generateAll(GenerationRequest request, GenerationProgress progress) {
        return generateAll(request, progress, Probe.NONE);
    }

    GenerationResult generateAll(GenerationRequest request, GenerationProgress progress, Probe probe) {
        return new Generation(components, SOURCE, request, progress, probe).run();
    }

    @Override
    public GenerationPlan plan(GenerationRequest request) {
        return new Planning(components, SOURCE, request).plan();
    }

    @Override
    public void close() {
        components.close();
    }
}
