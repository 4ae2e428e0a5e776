package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Path;
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

    /// The latents as they are written, under the names that the variables of `ddim_inversion.py` have.
    public List<TensorFile.Entry> entries() {
        return List.of(
                videoLatents.entry("video_latents"),
                inverseLatents.entry("inverse_latents"),
                initialLatents.entry("recon_initial_latents"),
                latents.entry("recon_latents"));
    }

    /// The files of an inversion, named after the video.
    ///
    /// @param inversion      the video of the inverted latents
    /// @param reconstruction the video that is made of them again
    /// @param latents        the latents
    public record Files(Path inversion, Path reconstruction, Path latents) {
        /// The files in a folder.
        ///
        /// @param folder where they go
        /// @param video  the video that is inverted
        public static Files in(Path folder, Path video) {
            String stem = String.valueOf(video.getFileName()).replaceFirst("(?<=.)\\.[^.]*$", "");
            return new Files(
                    folder.resolve(stem + "_inversion.mp4"),
                    folder.resolve(stem + "_reconstruction.mp4"),
                    folder.resolve(stem + "_latents.safetensors"));
        }

        /// Refuses files that cannot be written, before anything is computed.
        ///
        /// @param overwrite whether files that exist may be replaced
        public void check(boolean overwrite) throws IOException {
            VideoFormat.check(inversion, overwrite);
            VideoFormat.check(reconstruction, overwrite);
            TensorFile.check(latents, overwrite);
        }
    }

    @Override
    public void close() {
        List.of(videoLatents, inverseLatents, initialLatents, latents).forEach(HostTensor::close);
        inversion.close();
        reconstruction.close();
    }
}
