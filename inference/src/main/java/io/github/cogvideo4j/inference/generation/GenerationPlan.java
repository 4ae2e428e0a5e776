package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.problem.Problem;
import java.util.List;
import java.util.OptionalLong;

/// The plan of a request for one model.
///
/// @param height          in pixels
/// @param width           in pixels
/// @param requestedFrames the frames asked for
/// @param frames          the frames that come out
/// @param latentFrames    the latent frames that are denoised, with those that CogVideoX1.5 is padded with
/// @param framesPerSecond how fast the video plays
/// @param steps           denoising steps that are computed
/// @param scheduler       the scheduler's class, as diffusers calls it
/// @param device          where it is computed
/// @param warnings        what is worth a warning
/// @param memory          the memory that it needs
/// @param cacheBytes      what a step cache keeps of that from step to step, at most, if there is one
public record GenerationPlan(
        int height,
        int width,
        int requestedFrames,
        int frames,
        int latentFrames,
        double framesPerSecond,
        int steps,
        String scheduler,
        String device,
        List<Problem> warnings,
        MemoryPlan memory,
        OptionalLong cacheBytes) {
    /// Copies the list.
    public GenerationPlan {
        warnings = List.copyOf(warnings);
    }
}
