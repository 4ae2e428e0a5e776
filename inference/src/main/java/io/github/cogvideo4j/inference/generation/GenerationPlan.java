package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.options.WindowOptions;
import java.util.List;
import java.util.Optional;
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
/// @param windows         the windows in which a long video is denoised, if there are any
/// @param extended        the video that is continued, if one is; the sizes above are then those of a clip
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
        OptionalLong cacheBytes,
        Optional<Windows> windows,
        Optional<Extended> extended) {
    /// Copies the list.
    public GenerationPlan {
        warnings = List.copyOf(warnings);
    }

    /// With a video that is continued.
    public GenerationPlan withExtension(List<Problem> allWarnings, Extended value) {
        return new GenerationPlan(
                height,
                width,
                requestedFrames,
                frames,
                latentFrames,
                framesPerSecond,
                steps,
                scheduler,
                device,
                allWarnings,
                memory,
                cacheBytes,
                windows,
                Optional.of(value));
    }

    /// A video that is continued.
    ///
    /// @param sourceFrames its frames
    /// @param clips        the clips that are put behind it
    /// @param clipFrames   the frames that each adds
    /// @param frames       the frames of the whole
    public record Extended(int sourceFrames, int clips, int clipFrames, int frames) {}

    /// The windows of a run.
    ///
    /// @param options      what was asked for, with every size filled in, in frames of the video
    /// @param latentFrames latent frames of a window
    /// @param atFirst      how many there are at the first step
    /// @param calls        how many are predicted in all
    public record Windows(WindowOptions options, int latentFrames, int atFirst, long calls) {}
}
