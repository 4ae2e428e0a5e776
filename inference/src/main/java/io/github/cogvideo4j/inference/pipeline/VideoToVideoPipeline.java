package io.github.cogvideo4j.inference.pipeline;

import java.io.IOException;
import java.nio.file.Path;

/// Generates videos from a prompt and a video that is changed.
public final class VideoToVideoPipeline implements VideoPipeline {
    private final Path model;
    private final PipelineOptions options;

    private VideoToVideoPipeline(Path model, PipelineOptions options) {
        this.model = model;
        this.options = options;
    }

    /// Loads a model.
    ///
    /// @param model the model's folder, as diffusers lays it out
    public static VideoToVideoPipeline load(Path model, PipelineOptions options) throws IOException {
        return new VideoToVideoPipeline(model, options);
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
