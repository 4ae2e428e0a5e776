package io.github.cogvideo4j.inference.pipeline;

import java.io.IOException;
import java.nio.file.Path;

/// Generates videos from a prompt.
public final class TextToVideoPipeline implements VideoPipeline {
    private final Path model;
    private final PipelineOptions options;

    private TextToVideoPipeline(Path model, PipelineOptions options) {
        this.model = model;
        this.options = options;
    }

    /// Loads a model.
    ///
    /// @param model the model's folder, as diffusers lays it out
    public static TextToVideoPipeline load(Path model, PipelineOptions options) throws IOException {
        return new TextToVideoPipeline(model, options);
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
