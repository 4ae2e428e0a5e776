package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.file.Path;

/// A pipeline from a prompt and a video to changed videos.
public final class VideoToVideoPipeline extends LoadedPipeline {
    private VideoToVideoPipeline(VideoGenerator generator) {
        super(generator);
    }

    /// Loads a model.
    ///
    /// @param model the model's folder, as diffusers lays it out
    /// @throws io.github.cogvideo4j.inference.InvalidModelException      when a part is missing or broken
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `native-library` or `device`
    public static VideoToVideoPipeline load(Path model, PipelineOptions options) throws IOException {
        return new VideoToVideoPipeline(VideoGenerator.of(GenerationKind.V2V, model, options));
    }
}
