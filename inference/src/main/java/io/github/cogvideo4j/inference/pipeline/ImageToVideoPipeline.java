package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.file.Path;

/// A pipeline from a prompt and an image to the video that begins with it.
public final class ImageToVideoPipeline extends LoadedPipeline {
    private ImageToVideoPipeline(VideoGenerator generator) {
        super(generator);
    }

    /// Loads a model.
    ///
    /// @param model the model's folder, as diffusers lays it out
    /// @throws io.github.cogvideo4j.inference.InvalidModelException      when a part is missing or broken
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `native-library` or `device`
    public static ImageToVideoPipeline load(Path model, PipelineOptions options) throws IOException {
        return new ImageToVideoPipeline(VideoGenerator.of(GenerationKind.I2V, model, options));
    }
}
