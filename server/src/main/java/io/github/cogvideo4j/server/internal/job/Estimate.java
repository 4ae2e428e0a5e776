package io.github.cogvideo4j.server.internal.job;

import io.github.cogvideo4j.formats.problem.Problem;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What a request would take.
///
/// @param made            the sizes of the video
/// @param device          where it would be computed
/// @param memoryBytes     the memory of the stage that needs the most
/// @param availableBytes  what the machine has to give, when it says so
/// @param fits            whether that suffices
/// @param seconds         how long it takes, when similar ones have been measured
/// @param queueSeconds    how long the jobs before it take
/// @param warnings        what is worth a warning
public record Estimate(
        Job.Made made,
        String device,
        long memoryBytes,
        OptionalLong availableBytes,
        boolean fits,
        OptionalDouble seconds,
        long queueSeconds,
        List<Problem> warnings) {
    /// Copies the list.
    public Estimate {
        warnings = List.copyOf(warnings);
    }
}
