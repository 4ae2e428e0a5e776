package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.store.Timings.Timing;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongSupplier;

/// How far a job is: from the events of its generation, weighed with what earlier jobs of its shape took.
final class ProgressTracker implements JobListener {
    /// Shares of the whole where nothing has been measured, in percent.
    private static final double BEFORE = 5;

    private static final double AFTER = 15;
    private static final double WHOLE = 100;
    /// How much of what comes after the steps is decoding, where that has not been measured; files are the rest.
    private static final double DECODING = 0.8;

    private static final int MOST = 99;
    private static final String SAVE = "save";

    private final int steps;
    private final Optional<Timing> expected;
    private final JobMetrics metrics;
    private final LongSupplier nanos;
    private final long begun;

    private String phase = Stage.LOAD.id();
    private long phaseBegun;
    private long done;
    private long total;
    private int preview;
    private int percent;
    private long denoisingBegun;
    private long denoisingEnded;
    private final StepTimes stepTimes = new StepTimes();
    private long lastStep;
    private long decodingBegun;
    /// When a piece was decoded last.
    private long lastDecoded;

    /// @param steps    the denoising steps that are planned
    /// @param expected what earlier jobs took
    /// @param nanos    the time, as [System#nanoTime()]
    ProgressTracker(int steps, Optional<Timing> expected, JobMetrics metrics, LongSupplier nanos) {
        this.steps = Math.max(1, steps);
        this.expected = expected;
        this.metrics = metrics;
        this.nanos = nanos;
        this.begun = nanos.getAsLong();
        this.phaseBegun = begun;
    }

    @Override
    public synchronized void on(JobEvent event) {
        switch (event) {
            case JobEvent.Begun(var activity, long pieces) -> begin(activity.id(), pieces);
            case JobEvent.Advanced(long amount) -> {
                done += amount;
                if (phase.equals(Stage.DECODE.id())) {
                    lastDecoded = nanos.getAsLong();
                }
            }
            case GenerationEvent.Stepped(GenerationStep step) -> stepped(step.elapsed());
            case GenerationEvent.PreviewWritten _ -> preview = stepTimes.count();
            default -> {
                // nothing that progress is counted in
            }
        }
    }

    /// The video is whole; what belongs to it is being made.
    synchronized void saving() {
        begin(SAVE, 0);
    }

    private void begin(String next, long pieces) {
        long now = nanos.getAsLong();
        if (!next.equals(phase)) {
            metrics.phase(phase, Duration.ofNanos(now - phaseBegun));
            if (phase.equals(Stage.DENOISE.id())) {
                denoisingEnded = lastStep; // others of the same pass may have been decoded since then
                lastDecoded = 0;
            }
            phase = next;
            phaseBegun = now;
            if (next.equals(Stage.DECODE.id())) {
                decodingBegun = now;
            }
            if (next.equals(Stage.DENOISE.id()) && denoisingBegun == 0) {
                denoisingBegun = now;
                lastStep = now;
            }
        }
        done = 0;
        total = pieces;
    }

    /// A step takes what passes until the next one, the preview included.
    private void stepped(Duration computed) {
        long now = nanos.getAsLong();
        double took = now - lastStep;
        lastStep = now;
        stepTimes.add(took);
        metrics.step(computed);
    }

    /// The preview's step counts from 1.
    synchronized OptionalInt preview() {
        return preview > 0 ? OptionalInt.of(preview) : OptionalInt.empty();
    }

    /// How far the job is. Never less than before, and 100 only when it is published.
    synchronized Job.JobProgress progress() {
        double before = expected.map(timing -> share(timing.before())).orElse(BEFORE);
        double after = expected.map(timing -> share(timing.after())).orElse(AFTER);
        double now;
        if (stepTimes.count() == 0) {
            now = before * fraction(expected.map(Timing::before), nanos.getAsLong() - begun);
        } else if (denoisingEnded == 0) {
            now = before + (WHOLE - before - after) * Math.min(1, (double) stepTimes.count() / steps);
        } else {
            double decoding = expected.flatMap(Timing::decoding).orElse(DECODING);
            double part = phase.equals(SAVE) ? decoding : total > 0 ? decoding * done / total : 0;
            now = WHOLE - after + after * Math.min(1, part);
        }
        percent = Math.clamp((long) now, percent, MOST);
        return new Job.JobProgress(
                percent, Optional.of(phase), Math.toIntExact(done), Math.toIntExact(total), preview());
    }

    private double share(Duration part) {
        double whole = expected.orElseThrow().of(steps).toNanos();
        return whole > 0 ? WHOLE * part.toNanos() / whole : 0;
    }

    private static double fraction(Optional<Duration> whole, long passed) {
        return whole.filter(time -> time.toNanos() > 0)
                .map(time -> Math.min(1, (double) passed / time.toNanos()))
                .orElse(0.0);
    }

    /// How long it takes still, when that can be told.
    synchronized Optional<Duration> left() {
        long now = nanos.getAsLong();
        int stepsDone = stepTimes.count();
        if (stepsDone == 0) {
            return expected.map(
                    timing -> atLeastNothing((double) (timing.of(steps).toNanos() - (now - begun))));
        }
        double step = step();
        double after = after(step);
        if (denoisingEnded == 0) {
            // After the last step others of the same pass may be decoded first.
            double current = Math.min(stepsDone < steps ? step : after, (double) (now - lastStep));
            return Optional.of(atLeastNothing((steps - stepsDone) * step - current + after));
        }
        return Optional.of(atLeastNothing(decoded(after, now) - (now - denoisingEnded)));
    }

    /// What a step takes from now on.
    private double step() {
        return stepTimes.count() == 1 && expected.isPresent()
                ? expected.get().step().toNanos()
                : stepTimes.usual();
    }

    /// What comes after the steps takes as long as it did for an earlier job, slower or faster as the machine is now.
    private double after(double step) {
        if (expected.isEmpty()) {
            return AFTER / (WHOLE - BEFORE - AFTER) * step * steps;
        }
        Timing timing = expected.get();
        double earlier = timing.step().toNanos();
        double pace = timing.sameShape() && earlier > 0 ? step / earlier : 1;
        return timing.after().toNanos() * pace;
    }

    /// The same as more and more pieces are decoded: as far as they are, they count instead of what was foretold. The
    /// piece that is being decoded is not done yet, so all take at least as long as if it were done now.
    private double decoded(double foretold, long now) {
        // How many pieces there are is told with the first one.
        if (lastDecoded == 0 && total == 0) {
            return foretold;
        }
        boolean counted = phase.equals(Stage.DECODE.id()) && total > 0;
        double share = expected.flatMap(Timing::decoding).orElse(DECODING);
        double waited = decodingBegun - denoisingEnded;
        double part = counted ? Math.min(1, (double) done / total) : 1;
        double known = part > 0 ? (waited + (lastDecoded - decodingBegun) / part) / share : 0;
        double blended = part * known + (1 - part) * foretold;
        if (!counted || done >= total) {
            return blended;
        }
        double least = waited + (double) (now - decodingBegun) * total / (done + 1);
        return Math.max(blended, least);
    }

    private static Duration atLeastNothing(double nanos) {
        return Duration.ofNanos(Math.max(0, Math.round(nanos)));
    }

    /// What the job took, once it is done. What its first step took longer than the others is before the steps.
    synchronized Optional<Timing> measured() {
        if (stepTimes.count() == 0 || denoisingEnded == 0) {
            return Optional.empty();
        }
        double before = denoisingBegun - begun + stepTimes.firstExcess();
        double after = nanos.getAsLong() - denoisingEnded;
        return Optional.of(new Timing(
                atLeastNothing(before),
                atLeastNothing(stepTimes.mean()),
                atLeastNothing(after),
                atLeastNothing((double) lastDecoded - denoisingEnded),
                true));
    }
}
