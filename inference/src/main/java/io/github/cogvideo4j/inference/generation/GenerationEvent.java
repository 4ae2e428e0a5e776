package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.checkpoints.job.JobEvent;
import java.nio.file.Path;

/// An event of a generation besides those that all jobs have. All are sent on the thread that generates.
public sealed interface GenerationEvent extends JobEvent.Detail {
    /// The start of denoising, or of inverting.
    ///
    /// @param latents the latents before the first step, `[videos, frames, channels, height, width]`; valid while
    ///                the event is handled
    record Started(HostTensor latents) implements GenerationEvent {}

    /// The end of a step of denoising, or of inverting.
    ///
    /// @param step the step; valid while the event is handled
    record Stepped(GenerationStep step) implements GenerationEvent {}

    /// A preview that was written.
    ///
    /// @param file the image
    record PreviewWritten(Path file) implements GenerationEvent {}

    /// A video that was written, with all that goes beside it.
    ///
    /// @param video the video with its files
    record VideoWritten(GeneratedVideo video) implements GenerationEvent {}
}
