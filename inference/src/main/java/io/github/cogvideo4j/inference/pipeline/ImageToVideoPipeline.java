package io.github.cogvideo4j.inference.pipeline;

import java.io.IOException;
import java.nio.file.Path;

/// Generates videos from a prompt and the image it begins with.
public final class ImageToVideoPipeline implements VideoPipeline {
    private final Path model;
    private final PipelineOptions options;

    private ImageToVideoPipeline(Path model, PipelineOptions options) {
        this.model = model;
        this.options = options;
    }

    /// Loads a model.
    ///
    /// @param model the model's folder, as diffusers lays it out
    public static ImageToVideoPipeline load(Path model, PipelineOptions options) throws IOException {
        return new ImageToVideoPipeline(model, options);
    }

    @Override
    public GenerationResult generateAll(GenerationRequest request, GenerationProgress progress) throws IOException {
        throw new UnsupportedOperationException(model + " " + options);
    }

    @Override
    public GenerationPlan plan(GenerationRequest request) throws IOException {
        throw new UnsupportedOperationException(model + " " + options);
    }

    @Override
    public void close() {}
}
