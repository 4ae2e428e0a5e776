package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;

/// The clock of a watch.
interface WatchTime {
    /// The time in nanoseconds, from any beginning.
    long nanos();

    /// Lets time pass.
    ///
    /// @param control asked meanwhile whether to stop
    void pause(Duration time, JobControl control) throws IOException;

    /// This machine's.
    WatchTime MACHINE = new WatchTime() {
        private static final long SLICE_MILLIS = 200;

        @Override
        public long nanos() {
            return System.nanoTime();
        }

        @Override
        public void pause(Duration time, JobControl control) throws IOException {
            long end = System.nanoTime() + time.toNanos();
            try {
                for (long left = time.toMillis(); left > 0; left = (end - System.nanoTime()) / 1_000_000) {
                    control.check();
                    Thread.sleep(Math.min(SLICE_MILLIS, left));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(e.getMessage());
            }
            control.check();
        }
    };
}
