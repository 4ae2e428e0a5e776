package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.video.VideoCheck;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/// A video that was written, with its record.
///
/// @param files           where it is and what is beside it
/// @param seed            the seed that makes it again
/// @param frames          how many frames it has
/// @param height          in pixels
/// @param width           in pixels
/// @param framesPerSecond how fast it plays
/// @param times           how long the stages took
/// @param peakMemoryBytes the most memory that the process held, where the system reports it
/// @param check           what can be said of a trial without watching it
/// @param cache           how much a step cache left to be computed of the videos of one prompt together
public record GeneratedVideo(
        GenerationOutputs files,
        long seed,
        int frames,
        int height,
        int width,
        double framesPerSecond,
        Map<Stage, Duration> times,
        OptionalLong peakMemoryBytes,
        Optional<VideoCheck> check,
        Optional<CacheUse> cache) {
    private static final double MILLIS = 1000;

    /// Copies the times.
    public GeneratedVideo {
        times = Map.copyOf(times);
    }

    /// The outcome as JSON, for the record and front ends: sizes, seed, times, memory.
    public ObjectNode json() {
        ObjectNode json = JsonFile.newObject();
        json.put("seed", seed);
        json.put("frames", frames);
        json.put("width", width);
        json.put("height", height);
        json.put("fps", framesPerSecond);
        ObjectNode seconds = json.putObject("seconds");
        new TreeMap<>(times).forEach((stage, time) -> seconds.put(stage.id(), time.toMillis() / MILLIS));
        cache.ifPresent(use -> json.set("cache", use.json()));
        peakMemoryBytes.ifPresent(bytes -> json.put("peak_memory_bytes", bytes));
        return json;
    }
}
