package io.github.cogvideo4j.server.internal.job;

import java.time.Duration;
import java.util.Optional;

/// A subscription to the changes of jobs. It gives states, not a history: of a job that changed several times since
/// the last look only the newest state comes. So it can be resumed at any change, after a restart and at another
/// server too.
public interface JobEvents extends AutoCloseable {
    /// Waits for the next change.
    ///
    /// @return empty when nothing changed in this time
    Optional<JobChange> next(Duration patience) throws InterruptedException;

    @Override
    void close();

    /// A change.
    sealed interface JobChange {
        /// Its number, which [Jobs#events] takes to go on behind it.
        long id();
    }

    /// A job in its newest state.
    record Changed(long id, Job job) implements JobChange {}

    /// A job that was deleted, or whose files are gone.
    record Removed(long id, String jobId) implements JobChange {}

    /// The queue in its newest state. Comes when it was paused or resumed, and when its length changed.
    record Queue(long id, QueueState queue) implements JobChange {}
}
