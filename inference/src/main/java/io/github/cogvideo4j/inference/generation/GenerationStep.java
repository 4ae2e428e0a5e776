package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.inference.video.Video;
import java.time.Duration;

/// A denoising step that is done. Valid while the [GenerationEvent.Stepped] that carries it is handled.
public interface GenerationStep {
    /// Which step, counted from 1: mostly a call of the model each. Some samplers make several calls for a step
    /// of theirs, and each of them counts here.
    int number();

    /// How many steps there are.
    int count();

    /// The diffusion timestep, mostly 999 to 0; between whole ones with Karras sigmas.
    double timestep();

    /// Which round of videos: those with the seeds themselves are 0, those with the seeds plus 1 are 1. Of an
    /// inversion 0 is the way to the noise and 1 the reconstruction.
    int round();

    /// How long it took.
    Duration elapsed();

    /// A copy of the latents after it, `[videos, frames, channels, height, width]`. Whoever takes it closes it.
    HostTensor latents();

    /// The middle of the first video as it stands, decoded: one frame. Whoever takes it closes it.
    Video preview();
}
