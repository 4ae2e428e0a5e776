package io.github.cogvideo4j.checkpoints.job;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.formats.problem.Problem;

/// A running job's connection to its caller: events go out, the request to cancel comes in. Safe to use from
/// several threads.
///
/// @param listener     receives the events
/// @param cancellation asked between pieces of work
public record JobControl(JobListener listener, Cancellation cancellation) {
    /// A control without a listener that is never cancelled.
    public static JobControl none() {
        return new JobControl(_ -> {}, new Cancellation());
    }

    /// A control whose events go to a listener and which is never cancelled.
    public static JobControl of(JobListener listener) {
        return new JobControl(listener, new Cancellation());
    }

    /// Begins an activity.
    ///
    /// @param activity what begins
    /// @param total    how much there is to do, in the activity's unit; 0 while that is not known
    /// @throws CancelledException when the job has been asked to stop
    public void begin(Activity activity, long total) {
        cancellation.check();
        listener.on(new JobEvent.Begun(activity, total));
    }

    /// Counts a piece of work that is done.
    ///
    /// @param amount how much more is done, in the current activity's unit
    /// @throws CancelledException when the job has been asked to stop
    public void advance(long amount) {
        listener.on(new JobEvent.Advanced(amount));
        cancellation.check();
    }

    /// Passes on an event that only this kind of job has.
    public void detail(JobEvent.Detail event) {
        listener.on(event);
    }

    /// Passes on something worth knowing.
    public void notice(Problem problem) {
        listener.on(new JobEvent.Warned(problem));
    }

    /// Does nothing, unless the job has been asked to stop.
    ///
    /// @throws CancelledException when it has been
    public void check() {
        cancellation.check();
    }

    /// A receiver of a job's events. It is called from several threads at once, so it has to be quick and thread-safe.
    @FunctionalInterface
    public interface JobListener {
        /// Receives one event.
        void on(JobEvent event);
    }
}
