package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.file.Path;

/// A pipeline from a prompt and a control video (poses, depths, edges) to videos that follow it: CogVideoX-Fun's
/// control models. A request's video is the control.
public final class ControlToVideoPipeline extends LoadedPipeline {
    private ControlToVideoPipeline(VideoGenerator generator) {
        super(generator);
    }

    /// Loads a model.
    ///
    /// @param model the model's folder, as diffusers lays it out
    /// @throws io.github.cogvideo4j.inference.InvalidModelException      when a part is missing or broken
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `native-library` or `device`
    public static ControlToVideoPipeline load(Path model, PipelineOptions options) throws IOException {
        return new ControlToVideoPipeline(VideoGenerator.of(GenerationKind.CONTROL, model, options));
    }
}
