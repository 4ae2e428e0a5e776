package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.Stage;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CancellationException;

/// Which stage a generation is in, and how long the stages took; asks whether to stop.
final class StageClock {
    private final GenerationProgress progress;
    private final Map<Stage, Duration> times = new EnumMap<>(Stage.class);
    private Stage stage = Stage.LOAD;
    private long begun = System.nanoTime();

    StageClock(GenerationProgress progress) {
        this.progress = progress;
    }

    /// Begins a stage.
    void enter(Stage next) {
        checkCancelled();
        stop();
        stage = next;
        progress.stage(next);
    }

    /// Ends the last stage.
    Map<Stage, Duration> stop() {
        long now = System.nanoTime();
        times.merge(stage, Duration.ofNanos(now - begun), Duration::plus);
        begun = now;
        return times;
    }

    /// Tells of a piece of the current stage.
    void advance(long done, long total) {
        checkCancelled();
        progress.advance(stage, done, total);
    }

    /// Stops the generation when its watcher wants that.
    void checkCancelled() {
        if (progress.isCancelled()) {
            throw new CancellationException();
        }
    }
}
