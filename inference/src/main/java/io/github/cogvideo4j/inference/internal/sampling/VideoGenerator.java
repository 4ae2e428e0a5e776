package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.InversionResult;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.io.IOException;
import java.nio.file.Path;

/// A loaded model with the kind of input that its videos start from: what every pipeline is behind its face.
public final class VideoGenerator implements AutoCloseable {
    private final Components components;
    private final LatentSource source;

    private VideoGenerator(Components components, LatentSource source) {
        this.components = components;
        this.source = source;
    }

    /// Loads a model whose videos start from noise.
    public static VideoGenerator ofText(Path model, PipelineOptions options) throws IOException {
        return new VideoGenerator(Components.open(model, options), new NoiseSource());
    }

    /// Loads a model whose videos start from noise beside an image.
    public static VideoGenerator ofImage(Path model, PipelineOptions options) throws IOException {
        return new VideoGenerator(Components.open(model, options), new ImageSource());
    }

    /// Loads a model whose videos start from a video with noise.
    public static VideoGenerator ofVideo(Path model, PipelineOptions options) throws IOException {
        return new VideoGenerator(Components.open(model, options), new VideoSource());
    }

    /// Loads a model that looks for the noise of a video. The way back is gone with DDIM.
    public static VideoGenerator ofInversion(Path model, PipelineOptions options) throws IOException {
        return new VideoGenerator(
                Components.open(model, options.withScheduler(SchedulerChoice.DDIM)), new InversionSource());
    }

    /// What a request would compute, and the memory it needs.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when it cannot be computed with this model
    public GenerationPlan plan(PipelineRequest request) {
        return new Planning(components, source, request).plan();
    }

    /// Generates all videos of a request.
    ///
    /// @param probe sees the tensors on the way
    public PipelineResult generate(PipelineRequest request, GenerationProgress progress, Probe probe) {
        return new Generation(components, source, request, progress, probe).run();
    }

    /// Inverts the video of a request, and reconstructs it.
    public InversionResult invert(PipelineRequest request, GenerationProgress progress) {
        return new Inversion(components, new Planning(components, source, request), request, progress).run();
    }

    @Override
    public void close() {
        components.close();
    }
}
