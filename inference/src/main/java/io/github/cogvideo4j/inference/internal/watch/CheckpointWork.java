package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The work on checkpoints that are complete.
interface CheckpointWork {
    /// Keeps what has been done of a checkpoint so far.
    @FunctionalInterface
    interface Keeper {
        /// Keeps it.
        void keep(WatchedCheckpoint sofar) throws IOException;
    }

    /// The checkpoint before another one.
    ///
    /// @param name its name
    /// @param path its folder or file
    record Before(String name, Path path) {}

    /// Does what has not been done yet.
    ///
    /// @param entry  what is known of the checkpoint
    /// @param path   its folder or file
    /// @param before the checkpoint before it, where that is still there
    /// @param keeper keeps each piece that is done
    /// @return what is known when all has been done
    WatchedCheckpoint examine(
            WatchedCheckpoint entry, Path path, Optional<Before> before, Keeper keeper, JobControl control)
            throws IOException;

    /// Reads a checkpoint's weights for the digest by which they are known again.
    ///
    /// @param path its folder or file
    String digest(Path path, JobControl control) throws IOException;
}
