package io.github.cogvideo4j.checkpoints.job;

/// A receiver of a job's events. It is called from several threads at once, so it has to be quick and thread-safe.
@FunctionalInterface
public interface JobListener {
    /// Receives one event.
    void on(JobEvent event);
}
