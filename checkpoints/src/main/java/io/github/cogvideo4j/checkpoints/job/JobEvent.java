package io.github.cogvideo4j.checkpoints.job;

import io.github.cogvideo4j.formats.problem.Problem;

/// Something that happens while a job runs.
public sealed interface JobEvent {
    /// An activity begins; the one before it is over. When the same activity begins again, its total has become
    /// known, or another piece of it starts from nothing.
    ///
    /// @param activity what begins
    /// @param total    how much there is to do, in the activity's unit; 0 while that is not known
    record Begun(Activity activity, long total) implements JobEvent {}

    /// More of the current activity is done.
    ///
    /// @param amount how much more, in the activity's unit
    record Advanced(long amount) implements JobEvent {}

    /// Something worth knowing that stops nothing.
    ///
    /// @param problem what it is
    record Warned(Problem problem) implements JobEvent {}

    /// Something that only this kind of job has: a file in its place, a step's latents. A module that has such events
    /// has a sealed interface of them; who does not know it leaves them alone.
    non-sealed interface Detail extends JobEvent {}
}
