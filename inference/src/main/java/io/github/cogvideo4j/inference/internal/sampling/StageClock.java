package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.Stage;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/// The stage that a generation is in, and the time that the stages took.
final class StageClock {
    private final JobControl control;
    private final Map<Stage, Duration> times = new EnumMap<>(Stage.class);
    private Stage stage = Stage.LOAD;
    private long begun = System.nanoTime();

    StageClock(JobControl control) {
        this.control = control;
    }

    /// Begins a stage whose number of pieces is known later, or never.
    void enter(Stage next) {
        enter(next, 0);
    }

    /// Begins a stage.
    ///
    /// @param total how many pieces it has
    void enter(Stage next, long total) {
        control.check();
        stop();
        stage = next;
        control.begin(next, total);
    }

    /// The stage that it is in.
    Stage stage() {
        return stage;
    }

    /// Ends the last stage.
    Map<Stage, Duration> stop() {
        long now = System.nanoTime();
        times.merge(stage, Duration.ofNanos(now - begun), Duration::plus);
        begun = now;
        return times;
    }

    /// Counts a piece of the current stage; the first one says how many there are.
    void advance(long done, long total) {
        if (done == 1) {
            control.begin(stage, total);
        }
        control.advance(1);
    }
}
