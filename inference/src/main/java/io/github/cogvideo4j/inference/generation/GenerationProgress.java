package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;

/// A watcher of a generation. All methods are called on the thread that generates.
public interface GenerationProgress {
    /// A watcher that looks away.
    GenerationProgress NONE = new GenerationProgress() {};

    /// A stage begins.
    default void stage(Stage stage) {}

    /// A piece of the input's encoding or of the decoding is done; all are about equally long.
    default void advance(Stage stage, long done, long total) {}

    /// The latents before the first step, `[videos, frames, channels, height, width]`; valid during the call.
    default void start(HostTensor initialLatents) {}

    /// A step of denoising, or of inverting, is done.
    default void step(GenerationStep step) {}

    /// A preview was written.
    default void preview(Path file) {}

    /// A video was written, with all that goes beside it.
    default void written(GeneratedVideo video) {}

    /// Something worth knowing, that stops nothing: a size outside the trained ones, tokens that were cut.
    default void warning(Problem problem) {}

    /// Asked before each piece of work: whether to stop. The generation then ends with a
    /// [java.util.concurrent.CancellationException].
    default boolean isCancelled() {
        return false;
    }
}
