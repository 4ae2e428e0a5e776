package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.video.Video;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The result of an inversion. Closing it frees the videos and latents.
///
/// @param videoLatents   the video's own latents, `[1, frames, channels, height, width]`
/// @param inverseLatents the latents after each step from the video to noise, in one block with the steps as
///                       first dimension; the last are the inverted ones
/// @param initialLatents the noise that the reconstruction starts from
/// @param latents        the latents after each step of the reconstruction, as `inverseLatents`
/// @param inversion      the inverted latents, decoded: noise to look at
/// @param reconstruction the reconstructed video
/// @param warnings       what was worth a warning
/// @param times          how long the stages took
public record InversionResult(
        HostTensor videoLatents,
        HostTensor inverseLatents,
        HostTensor initialLatents,
        HostTensor latents,
        Video inversion,
        Video reconstruction,
        List<Problem> warnings,
        Map<Stage, Duration> times)
        implements AutoCloseable {
    /// Copies the collections.
    public InversionResult {
        warnings = List.copyOf(warnings);
        times = Map.copyOf(times);
    }

    @Override
    public void close() {
        List.of(videoLatents, inverseLatents, initialLatents, latents).forEach(HostTensor::close);
        inversion.close();
        reconstruction.close();
    }
}
