package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.video.Video;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The result of a pipeline: what was generated. Closing it frees the videos and latents.
///
/// @param videos   all videos of the first prompt, then those of the second, and so on
/// @param seeds    the seed of each video
/// @param latents  the last latents, `[videos, frames, channels, height, width]`, in the order of the videos,
///                 without the frames that CogVideoX1.5 is padded with
/// @param warnings what was worth a warning
/// @param times    how long the stages took
/// @param cache    what a step cache left to be computed, if there was one
public record PipelineResult(
        List<Video> videos,
        List<Long> seeds,
        HostTensor latents,
        List<Problem> warnings,
        Map<Stage, Duration> times,
        Optional<CacheUse> cache)
        implements AutoCloseable {
    /// Copies the collections.
    public PipelineResult {
        videos = List.copyOf(videos);
        seeds = List.copyOf(seeds);
        warnings = List.copyOf(warnings);
        times = Map.copyOf(times);
    }

    @Override
    public void close() {
        videos.forEach(Video::close);
        latents.close();
    }
}
