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
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/// Progress and time left of jobs whose time is made up, on a clock that is moved.
class ProgressTrackerTest {
    private static final long MILLI = 1_000_000;

    private long now;
    private ProgressTracker tracker = new ProgressTracker(1, Optional.empty(), JobMetrics.NONE, () -> now);

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

    /// A job as it goes, in milliseconds.
    ///
    /// @param before until the first step
    /// @param steps  of each step what it takes
    /// @param pieces of each piece of decoding the same
    /// @param saving until the video is published
    private record Course(double before, List<Double> steps, List<Double> pieces, double saving) {
        double decoding() {
            return pieces.stream().mapToDouble(time -> time).sum();
        }

        double whole() {
            return before + steps.stream().mapToDouble(time -> time).sum() + decoding() + saving;
        }
    }

    /// Steps that take about the same time, the first one up to four times as long, because weights are read and
    /// kernels are chosen then. Each fifth may write a preview. The first piece of decoding has fewer frames.
    private static Course course(Generator random, int steps) {
        double step = random.real(20, 60_000);
        double preview = random.bool() ? random.real(0, 0.3) : 0;
        List<Double> took = new ArrayList<>();
        for (int i = 0; i < steps; i++) {
            double first = i == 0 ? random.real(1, 4) : 1;
            took.add(step * random.real(0.97, 1.03) * first + (i % 5 == 1 ? step * preview : 0));
        }
        double piece = step * random.real(0.2, 4);
        List<Double> pieces = new ArrayList<>();
        for (int i = 0; i < random.integer(1, 6); i++) {
            pieces.add(piece * (i == 0 ? random.real(0.5, 1.5) : random.real(0.97, 1.03)));
        }
        return new Course(step * random.real(0.1, 3), took, pieces, piece * random.real(0.01, 0.5));
    }

    /// The same job at another pace: what an earlier one of its shape took.
    private static Timing earlier(Course course, double pace, Generator random) {
        double step = course.steps().stream()
                .skip(1)
                .mapToDouble(time -> time)
                .average()
                .orElseThrow();
        double near = random.real(0.97, 1.03) * pace;
        return new Timing(
                millis(course.before() * pace + (course.steps().getFirst() - step) * pace),
                millis(step * pace),
                millis((course.decoding() + course.saving()) * near),
                millis(course.decoding() * near),
                true);
    }

    /// Runs a job, and looks between two steps and after each, and at each piece of decoding.
    ///
    /// @param look is given how many steps are done and the milliseconds that are left
    private void run(Course course, Optional<Timing> earlier, Generator random, BiConsumer<Integer, Double> look) {
        int steps = course.steps().size();
        now = random.longInteger(-5_000_000_000L, 5_000_000_000L);
        tracker = new ProgressTracker(steps, earlier, JobMetrics.NONE, () -> now);
        double left = course.whole();
        int percent = 0;
        tracker.on(new JobEvent.Begun(Stage.ENCODE_PROMPT, 0));
        left -= forward(course.before());
        tracker.on(new JobEvent.Begun(Stage.DENOISE, steps));
        for (int i = 0; i < steps; i++) {
            double took = course.steps().get(i);
            double part = random.real(0, 1) * took;
            left -= forward(part);
            look.accept(i, left);
            left -= forward(took - part);
            tracker.on(new GenerationEvent.Stepped(new Step(i + 1, steps, 0, 0, millis(took))));
            tracker.on(new JobEvent.Advanced(1));
            look.accept(i + 1, left);
            percent = laterPercent(percent);
        }
        // How many pieces there are is told with the first of them.
        tracker.on(new JobEvent.Begun(Stage.DECODE, 0));
        for (int i = 0; i < course.pieces().size(); i++) {
            double piece = course.pieces().get(i);
            double part = random.real(0, 1) * piece;
            left -= forward(part);
            look.accept(steps, left);
            left -= forward(piece - part);
            if (i == 0) {
                tracker.on(new JobEvent.Begun(Stage.DECODE, course.pieces().size()));
            }
            tracker.on(new JobEvent.Advanced(1));
            look.accept(steps, left);
            percent = laterPercent(percent);
        }
        tracker.saving();
        forward(course.saving());
        laterPercent(percent);
    }

    private int laterPercent(int percent) {
        int next = tracker.progress().percent();
        assertThat(next).isBetween(percent, 99);
        return next;
    }

    /// What was foretold of the whole, against what it took, as a share of that.
    private void assertWholeIsNear(Course course, double left) {
        double told = (double) tracker.left().orElseThrow().toNanos() / MILLI;
        assertThat(Math.abs(told - left)).isLessThanOrEqualTo(0.1 * course.whole());
    }

    /// However much slower or faster than now the machine was when an earlier job of the shape was measured.
    @Property(tries = 500)
    void afterTheThirdStepTheWholeIsForetoldWithinATenth(Generator random) {
        Course course = course(random, random.integer(5, 60));
        Timing earlier = earlier(course, random.real(0.3, 3), random);
        run(course, Optional.of(earlier), random, (steps, left) -> {
            if (steps >= 3) {
                assertWholeIsNear(course, left);
            }
        });
        Timing measured = tracker.measured().orElseThrow();
        assertThat((double) measured.of(course.steps().size()).toNanos() / MILLI)
                .isCloseTo(course.whole(), withPercentage(0.1));
        assertThat((double) measured.decode().toNanos() / MILLI).isCloseTo(course.decoding(), withPercentage(0.1));
        assertThat(measured.sameShape()).isTrue();
    }

    /// A step that took ten times as long says nothing of the next ones, once there are some to compare it with.
    @Property(tries = 300)
    void oneSlowStepDoesNotCountForTheNextOnes(Generator random) {
        Course usual = course(random, random.integer(20, 60));
        int slow = random.integer(9, 15);
        List<Double> steps = new ArrayList<>(usual.steps());
        steps.set(slow, 10 * steps.get(slow));
        Course course = new Course(usual.before(), steps, usual.pieces(), usual.saving());
        Timing earlier = earlier(usual, 1, random);
        run(course, Optional.of(earlier), random, (done, left) -> {
            if (done > slow + 1) {
                assertWholeIsNear(course, left);
            }
        });
    }

    /// The machine becomes slower or faster for good: a few steps later this is in what is told.
    @Property(tries = 300)
    void aChangeOfPaceIsFollowed(Generator random) {
        Course usual = course(random, random.integer(40, 80));
        int change = random.integer(3, 20);
        double pace = random.real(0.4, 2.5);
        List<Double> steps = new ArrayList<>();
        for (int i = 0; i < usual.steps().size(); i++) {
            steps.add(usual.steps().get(i) * (i < change ? 1 : pace));
        }
        Course course = new Course(
                usual.before(),
                steps,
                usual.pieces().stream().map(time -> pace * time).toList(),
                pace * usual.saving());
        run(course, Optional.of(earlier(usual, 1, random)), random, (done, left) -> {
            if (done >= change + 17) {
                assertWholeIsNear(course, left);
            }
        });
    }

    /// Decoding takes five times as long as was foretold: the pieces tell it.
    @Property(tries = 200)
    void decodingThatTakesLongerThanForetoldIsNotToldToBeOver(Generator random) {
        Course usual = course(random, random.integer(5, 20));
        double piece = usual.pieces().getFirst();
        int count = random.integer(4, 8);
        Course shorter =
                new Course(usual.before(), usual.steps(), Collections.nCopies(count, piece / 5), usual.saving() / 5);
        tracker = new ProgressTracker(2, Optional.of(earlier(shorter, 1, random)), JobMetrics.NONE, () -> now);
        tracker.on(new JobEvent.Begun(Stage.DENOISE, 2));
        for (int i = 1; i <= 2; i++) {
            forward(usual.steps().get(1));
            tracker.on(new GenerationEvent.Stepped(
                    new Step(i, 2, 0, 0, millis(usual.steps().get(1)))));
        }
        tracker.on(new JobEvent.Begun(Stage.DECODE, 0));
        for (int i = 0; i < count - 1; i++) {
            forward(piece / 2);
            double left = (count - i - 0.5) * piece;
            if (i > 0) {
                assertThat((double) tracker.left().orElseThrow().toNanos() / MILLI)
                        .isBetween(0.3 * left, 2 * (left + piece));
            }
            forward(piece / 2);
            if (i == 0) {
                tracker.on(new JobEvent.Begun(Stage.DECODE, count));
            }
            tracker.on(new JobEvent.Advanced(1));
        }
    }

    private double forward(double millis) {
        now += Math.round(millis * MILLI);
        return millis;
    }

    private static Duration millis(double millis) {
        return Duration.ofNanos(Math.round(millis * MILLI));
    }
}
