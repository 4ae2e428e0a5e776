package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// How soon the device is free when a video is cancelled or deleted at a random moment: most of them during the steps,
/// every tenth while it is decoded, which takes longer. It is free when the worker has counted the job as over: the
/// next thing it does is to take another one.
record CancelMeasurement(Setup setup, Goals goals, int tries) {
    private static final int SAMPLES = 2;
    private static final int DECODING_EACH = 10;
    private static final int STEPS = 8;
    private static final int FRAMES = 25;
    /// The latent frames of 25 frames are 7, which are decoded by twos, the odd one with the first two.
    private static final int BATCHES = 3;

    private static final String SIZE = "240x160";
    private static final long SEED = 1;
    private static final int PAUSE_MILLIS = 2;
    private static final String STEP_COUNT = "cogvideo_step_seconds_count";
    private static final String STEP_SUM = "cogvideo_step_seconds_sum";

    /// What nobody disturbs takes, in seconds.
    ///
    /// @param before until the last step
    /// @param step   each step
    /// @param batch  each decoded batch
    private record Usual(double before, double step, double batch) {
        /// A moment to cancel at, in seconds from the start of a video.
        double moment(Random random, boolean decoding) {
            return decoding ? before + random.nextDouble() * batch * BATCHES : random.nextDouble() * before;
        }
    }

    /// @param decoding whether all its steps had ended at the answer
    /// @param steps    that ended after the answer
    /// @param seconds  from the answer until the device was free
    private record Try(boolean decoding, double steps, double seconds) {}

    /// What the server has counted at one moment.
    private record Counted(Map<String, Double> figures) {
        static Counted now(VideoClient client) throws IOException, InterruptedException {
            return new Counted(client.metrics());
        }

        double of(String name) {
            return figures.getOrDefault(name, 0.0);
        }

        double phase(String name) {
            return of("cogvideo_job_duration_seconds_sum{phase=\"" + name + "\"}");
        }

        double beforeDecoding() {
            return phase("load") + phase("encode-prompt") + phase("denoise");
        }

        double completed() {
            return of("cogvideo_jobs_total{result=\"completed\",type=\"create\"}");
        }

        double stopped() {
            return of("cogvideo_jobs_total{result=\"cancelled\",type=\"create\"}")
                    + of("cogvideo_jobs_total{result=\"lost\",type=\"create\"}");
        }
    }

    void run() throws IOException, InterruptedException {
        Random random = new Random(SEED);
        List<Try> done = new ArrayList<>();
        try (ServerProcess server = ServerProcess.ready(setup.inSinglePrecision());
                VideoEvents events = new VideoEvents(server.client())) {
            VideoClient client = server.client();
            Usual usual = usual(client, events);
            while (done.size() < tries) {
                attempt(client, events, usual, random, done.size() % DECODING_EACH == 0)
                        .ifPresent(done::add);
            }
            tell(usual, done);
        }
    }

    /// Cancels a video. Nothing when it was complete before.
    private static Optional<Try> attempt(
            VideoClient client, VideoEvents events, Usual usual, Random random, boolean decoding)
            throws IOException, InterruptedException {
        Counted before = Counted.now(client);
        String id = order(client);
        long moment = events.await(id, "in_progress") + (long) (usual.moment(random, decoding) * 1e9);
        Thread.sleep(Duration.ofNanos(Math.max(0, moment - System.nanoTime())));
        if (random.nextBoolean()) {
            client.cancel(id);
        } else {
            client.delete(id);
        }
        long answered = System.nanoTime();
        Counted first = Counted.now(client);
        Counted last = first;
        while (last.stopped() == before.stopped() && last.completed() == before.completed()) {
            Thread.sleep(PAUSE_MILLIS);
            last = Counted.now(client);
        }
        double seconds = (System.nanoTime() - answered) / 1e9;
        return last.stopped() == before.stopped()
                ? Optional.empty()
                : Optional.of(new Try(
                        first.of(STEP_COUNT) - before.of(STEP_COUNT) >= STEPS,
                        last.of(STEP_COUNT) - first.of(STEP_COUNT),
                        seconds));
    }

    private static String order(VideoClient client) throws IOException, InterruptedException {
        return TinyVideo.order(client, TinyVideo.fields(SIZE, FRAMES, STEPS));
    }

    private static Usual usual(VideoClient client, VideoEvents events) throws IOException, InterruptedException {
        Usual longest = new Usual(0, 0, 0);
        for (int i = 0; i < SAMPLES; i++) {
            Counted before = Counted.now(client);
            events.await(order(client), "completed");
            Counted after = Counted.now(client);
            longest = new Usual(
                    after.beforeDecoding() - before.beforeDecoding(), // the model is open in the last one
                    Math.max(longest.step(), (after.of(STEP_SUM) - before.of(STEP_SUM)) / STEPS),
                    Math.max(longest.batch(), (after.phase("decode") - before.phase("decode")) / BATCHES));
        }
        return longest;
    }

    private void tell(Usual usual, List<Try> done) {
        double unit = usual.step() + usual.batch();
        double worst = done.stream().mapToDouble(Try::steps).max().orElseThrow();
        List<Double> stepping = seconds(done, false);
        List<Double> decoding = seconds(done, true);
        double late = done.stream()
                .filter(one -> one.steps() > 1 || (one.decoding() && one.seconds() > unit))
                .count();
        goals.tell("a step, of undisturbed videos", 1e3 * usual.step(), "ms");
        goals.tell("a decoded batch", 1e3 * usual.batch(), "ms");
        goals.tell("free after a cancel during the steps, median", 1e3 * Goals.quantile(stepping, 0.5), "ms");
        goals.tell("at most", 1e3 * Goals.quantile(stepping, 1), "ms");
        goals.tell("while decoding, median", 1e3 * Goals.quantile(decoding, 0.5), "ms");
        goals.tell("at most", 1e3 * Goals.quantile(decoding, 1), "ms");
        goals.most("steps that ended after the answer, most of " + tries, worst, 1, "");
        goals.least("tries within a step, or a decoded batch", tries - late, tries, "");
    }

    private static List<Double> seconds(List<Try> done, boolean decoding) {
        return done.stream()
                .filter(one -> one.decoding() == decoding)
                .map(Try::seconds)
                .toList();
    }
}
