package io.github.cogvideo4j.server.internal.job;

import java.time.Duration;

/// A receiver of what the engine measures. Called from the threads that work, so it has to be quick.
public interface JobMetrics {
    /// A receiver that counts nothing.
    JobMetrics NONE = new JobMetrics() {};

    /// A job is over.
    ///
    /// @param result `completed`, `failed`, `cancelled`, `given_back` when the server stopped, or `lost` to another
    ///               worker
    /// @param waited from its creation to the begin of its last attempt
    /// @param ran    the last attempt
    default void finished(Job.Operation operation, String result, Duration waited, Duration ran) {}

    /// A phase of a job is over.
    ///
    /// @param phase as in [Job.JobProgress]
    default void phase(String phase, Duration took) {}

    /// A denoising step is over.
    default void step(Duration took) {}

    /// A pass of the model begins.
    ///
    /// @param jobs how many jobs it makes
    default void pass(int jobs) {}

    /// A model was loaded.
    default void loaded(Duration took) {}

    /// Something went wrong that is no job's fault: what a log is for.
    default void defect(Throwable thrown) {}

    /// A job was refused.
    default void refused(JobRefusedException.Reason reason) {}
}
