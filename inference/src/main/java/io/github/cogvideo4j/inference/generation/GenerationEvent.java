package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.checkpoints.job.JobEvent;
import java.nio.file.Path;

/// An event of a generation beside those that all jobs have. All are sent on the thread that generates.
public sealed interface GenerationEvent extends JobEvent.Detail {
    /// Denoising, or inverting, is about to start.
    ///
    /// @param latents the latents before the first step, `[videos, frames, channels, height, width]`; valid while
    ///                the event is handled
    record Started(HostTensor latents) implements GenerationEvent {}

    /// A step of denoising, or of inverting, is done.
    ///
    /// @param step the step; valid while the event is handled
    record Stepped(GenerationStep step) implements GenerationEvent {}

    /// A preview was written.
    ///
    /// @param file the image
    record PreviewWritten(Path file) implements GenerationEvent {}

    /// A video was written, with all that goes beside it.
    ///
    /// @param video the video with its files
    record VideoWritten(GeneratedVideo video) implements GenerationEvent {}
}
