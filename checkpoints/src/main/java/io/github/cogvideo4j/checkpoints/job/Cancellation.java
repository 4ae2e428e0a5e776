package io.github.cogvideo4j.checkpoints.job;

import io.github.cogvideo4j.checkpoints.CancelledException;

/// A token that asks a job to stop. Any thread may cancel, once and for good; the job looks at it between pieces of
/// work, cleans up, and ends with a [CancelledException].
public final class Cancellation {
    private volatile boolean requested;

    /// Asks the job to stop.
    public void cancel() {
        requested = true;
    }

    /// Whether the job has been asked to stop.
    public boolean requested() {
        return requested;
    }

    /// Does nothing, unless the job has been asked to stop.
    ///
    /// @throws CancelledException when it has been
    public void check() {
        if (requested) {
            throw new CancelledException();
        }
    }
}
