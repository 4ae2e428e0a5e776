package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.store.StoreException;
import io.github.cogvideo4j.server.internal.store.StoredJob;
import io.github.cogvideo4j.server.internal.store.Timings;
import io.github.cogvideo4j.server.internal.store.WorkQueue;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Claim;
import io.github.cogvideo4j.server.internal.store.WorkQueue.Wish;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// An attempt at a job while it runs: its heartbeat, and the wish to stop it.
final class Attempt {
    /// A running job is never silent for longer.
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(2);

    private static final int FP32_EXPONENT = 0x7F80_0000;
    private static final int BF16_EXPONENT = 0x7F80;
    private static final int FP16_EXPONENT = 0x7C00;

    private final Claim claim;
    private final Turn turn;
    private final WorkQueue queue;
    private final Timings timings;
    private final Instant begun;
    private final ProgressTracker tracker;
    private final Cancellation cancellation = new Cancellation();
    private volatile Wish wish = Wish.GO_ON;
    private volatile boolean stopping;
    private volatile boolean over;
    private Optional<Job.JobProgress> told = Optional.empty();
    private long lastTold;
    private long lastBeat = System.nanoTime();

    /// A job's turn in a pass of the model.
    ///
    /// @param number counted from 1; prompts are encoded and videos decoded in this order
    /// @param jobs   how many the pass makes
    record Turn(int number, int jobs) {}

    Attempt(Claim claim, Turn turn, WorkQueue queue, Timings timings, JobMetrics metrics, Instant begun) {
        this.claim = claim;
        this.turn = turn;
        this.queue = queue;
        this.timings = timings;
        this.begun = begun;
        Job job = claim.row().job();
        this.tracker = new ProgressTracker(
                job.made().steps(), timings.of(shape(), job.request().model(), work()), metrics, System::nanoTime);
    }

    /// A pass with several jobs takes a time of its own, and each turn in it as well.
    private String shape() {
        String shape = claim.row().shape();
        return turn.jobs() == 1 ? shape : shape + " " + turn.number() + "/" + turn.jobs();
    }

    private double work() {
        return turn.jobs() * StoredJob.work(claim.row().job());
    }

    Claim claim() {
        return claim;
    }

    ProgressTracker tracker() {
        return tracker;
    }

    /// When it began.
    Instant begun() {
        return begun;
    }

    /// Notes what the job took, for those that come after it.
    void noteTiming() {
        tracker.measured()
                .ifPresent(timing ->
                        timings.add(shape(), claim.row().job().request().model(), work(), timing));
    }

    /// Its job is no longer this worker's.
    void end() {
        over = true;
    }

    boolean isOver() {
        return over;
    }

    /// What the generation is run with.
    JobControl control() {
        return new JobControl(this::on, cancellation);
    }

    /// The last latents are looked at before they are decoded: a video of them would be noise or black.
    private void on(JobEvent event) {
        tracker.on(event);
        if (event instanceof GenerationEvent.Stepped(GenerationStep step) && step.number() == step.count()) {
            try (HostTensor latents = step.latents()) {
                if (!isFinite(latents)) {
                    throw new JobFailure.NotFiniteException();
                }
            }
        }
    }

    static boolean isFinite(HostTensor tensor) {
        MemorySegment values = tensor.values();
        if (tensor.precision() == Precision.FP32) {
            for (long i = 0; i < values.byteSize(); i += Integer.BYTES) {
                if ((values.get(ValueLayout.JAVA_INT_UNALIGNED, i) & FP32_EXPONENT) == FP32_EXPONENT) {
                    return false;
                }
            }
            return true;
        }
        int exponent = tensor.precision() == Precision.FP16 ? FP16_EXPONENT : BF16_EXPONENT;
        for (long i = 0; i < values.byteSize(); i += Short.BYTES) {
            if ((values.get(ValueLayout.JAVA_SHORT_UNALIGNED, i) & exponent) == exponent) {
                return false;
            }
        }
        return true;
    }

    /// What the client or the store wished, when the attempt was stopped.
    Wish wish() {
        return wish;
    }

    /// Whether it was stopped because the server stops.
    boolean isStopping() {
        return stopping;
    }

    /// Stops it within a step or a piece of decoding, for the sake of a client.
    void stop(Wish why) {
        if (wish == Wish.GO_ON) {
            wish = why;
        }
        cancellation.cancel();
    }

    /// Stops it because the server stops: its job goes back to the queue.
    void stopForShutdown() {
        stopping = true;
        cancellation.cancel();
    }

    /// Tells the store how far it is, when that changed or it is time to, and learns whether it is to go on.
    void beat() {
        if (over) {
            return;
        }
        long now = System.nanoTime();
        try {
            Job.JobProgress progress = tracker.progress();
            boolean tell = !Optional.of(progress).equals(told) || now - lastTold >= LONGEST_SILENCE.toNanos();
            Wish answer;
            if (tell) {
                answer = queue.beat(claim, Optional.of(progress), tracker.left());
                told = Optional.of(progress);
                lastTold = now;
                lastBeat = now;
            } else {
                answer = queue.wish(claim);
            }
            if (answer != Wish.GO_ON) {
                stop(answer);
            }
        } catch (StoreException _) {
            // The store may come back. When the lease is over, the job may be another worker's.
            if (now - lastBeat > queue.lease().toNanos()) {
                stop(Wish.LOST);
            }
        }
    }
}
