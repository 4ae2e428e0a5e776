package io.github.cogvideo4j.cluster;

import io.github.cogvideo4j.checkpoints.job.JobEvent;
import java.util.Optional;

/// What happens while a batch runs.
public sealed interface BatchEvent extends JobEvent.Detail {
    /// How a batch stands.
    ///
    /// @param completed   results that are there
    /// @param failed      results that could not be made
    /// @param running     results that are being made
    /// @param left        results that have not begun
    /// @param secondsLeft how long what is running and left will take, by its work
    /// @param perHour     results for each hour of this run
    /// @param perDevice   results for each hour that a device was computing
    record Standing(
            long completed,
            long failed,
            int running,
            long left,
            double secondsLeft,
            double perHour,
            double perDevice) {}

    /// A result is being made.
    ///
    /// @param id       the user's name of the row
    /// @param row      its line
    /// @param standing how the batch stands
    record RowBegun(String id, long row, Standing standing) implements BatchEvent {}

    /// A result is there, or it is known why not.
    ///
    /// @param id        the user's name of the row
    /// @param row       its line
    /// @param errorCode the code of what is in the way
    /// @param message   what is in the way, in English, as in the manifest
    /// @param file      the result, relative to the folder
    /// @param seconds   how long it took
    /// @param device    where it was made
    /// @param host      on which machine
    /// @param standing  how the batch stands
    record RowEnded(
            String id,
            long row,
            Optional<String> errorCode,
            Optional<String> message,
            Optional<String> file,
            double seconds,
            String device,
            String host,
            Standing standing)
            implements BatchEvent {}
}
