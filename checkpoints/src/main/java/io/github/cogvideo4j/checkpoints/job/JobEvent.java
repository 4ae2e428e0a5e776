package io.github.cogvideo4j.checkpoints.job;

import io.github.cogvideo4j.formats.problem.Problem;

/// Something that happens while a job runs.
public sealed interface JobEvent {
    /// An activity begins; the one before it is over.
    ///
    /// @param activity what begins
    /// @param total    how much there is to do, in the activity's unit
    record Begun(Activity activity, long total) implements JobEvent {}

    /// More of the current activity is done.
    ///
    /// @param amount how much more, in the activity's unit
    record Advanced(long amount) implements JobEvent {}

    /// Something worth knowing that stops nothing.
    ///
    /// @param problem what it is
    record Noticed(Problem problem) implements JobEvent {}
}
