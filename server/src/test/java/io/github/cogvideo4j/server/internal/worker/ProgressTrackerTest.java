package io.github.cogvideo4j.server.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.store.Timings.Timing;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Progress and time left of jobs whose time is made up, on a clock that is moved.
class ProgressTrackerTest {
    private static final long MILLI = 1_000_000;

    private long now;

    private record Step(int number, int count, double timestep, int round, Duration elapsed) implements GenerationStep {
        @Override
        public HostTensor latents() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Video preview() {
            throw new UnsupportedOperationException();
        }
    }

    /// Steps that take about the same time, the first one up to four times as long, because weights are read and
    /// kernels are chosen then; encoding and decoding as an earlier job of the shape took, within a few percent.
    @Property(tries = 300)
    void afterTheThirdStepTheTimeLeftIsWithinATenth(Generator random) {
        int steps = random.integer(5, 60);
        double step = random.real(20, 60_000);
        List<Double> took = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            took.add(step * random.real(0.97, 1.03) * (i == 0 ? random.real(1, 4) : 1));
        }
        double before = step * random.real(0.1, 3);
        double decoding = step * random.real(1, 8);
        double saving = decoding * random.real(0.01, 0.5);
        Timing earlier =
                new Timing(millis(before), millis(step), millis((decoding + saving) * random.real(0.97, 1.03)));
        now = random.longInteger(-5_000_000_000L, 5_000_000_000L);
        ProgressTracker tracker = new ProgressTracker(steps, Optional.of(earlier), JobMetrics.NONE, () -> now);
        double whole = before + took.stream().mapToDouble(time -> time).sum() + decoding + saving;
        double passed = 0;
        int percent = 0;
        tracker.on(new JobEvent.Begun(Stage.ENCODE_PROMPT, 0));
        passed += forward(before);
        tracker.on(new JobEvent.Begun(Stage.DENOISE, steps));
        for (int i = 0; i < steps; i++) {
            // A look between two steps, and one after each.
            double part = random.real(0, 1) * took.get(i);
            passed += forward(part);
            if (i >= 3) {
                assertNear(tracker, whole - passed);
            }
            passed += forward(took.get(i) - part);
            tracker.on(new GenerationEvent.Stepped(new Step(i + 1, steps, 0, 0, millis(took.get(i)))));
            tracker.on(new JobEvent.Advanced(1));
            if (i >= 2) {
                assertNear(tracker, whole - passed);
            }
            assertThat(tracker.progress().percent()).isBetween(percent, 99);
            percent = tracker.progress().percent();
        }
        tracker.on(new JobEvent.Begun(Stage.DECODE, 4));
        for (int i = 0; i < 4; i++) {
            passed += forward(decoding / 4);
            tracker.on(new JobEvent.Advanced(1));
            assertThat(tracker.progress().percent()).isBetween(percent, 99);
            percent = tracker.progress().percent();
        }
        tracker.saving();
        forward(saving);
        assertThat(tracker.progress().percent()).isBetween(percent, 99);
        Timing measured = tracker.measured().orElseThrow();
        assertThat((double) measured.of(steps).toNanos() / MILLI).isCloseTo(whole, withPercentage(0.1));
    }

    private static void assertNear(ProgressTracker tracker, double left) {
        assertThat((double) tracker.left().orElseThrow().toNanos() / MILLI).isBetween(left * 0.9, left * 1.1);
    }

    private double forward(double millis) {
        now += Math.round(millis * MILLI);
        return millis;
    }

    private static Duration millis(double millis) {
        return Duration.ofNanos(Math.round(millis * MILLI));
    }
}
