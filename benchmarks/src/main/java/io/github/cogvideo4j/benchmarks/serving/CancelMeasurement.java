package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// How soon the device is free for the next job when a video is cancelled or deleted at a random moment: most of them
/// during the steps, every tenth while it is decoded, which takes longer.
record CancelMeasurement(Setup setup, Goals goals, int tries) {
    private static final int SAMPLES = 2;
    private static final int DECODING_EACH = 10;
    private static final int STEPS = 8;
    private static final int FRAMES = 25;
    /// The latent frames of 25 frames are 7, which are decoded by twos, the odd one with the first two.
    private static final int BATCHES = 3;

    private static final String SIZE = "240x160";
    private static final long SEED = 1;

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

    /// @param steps   that ended after the answer and before the next job began
    /// @param seconds from the answer until the next job began
    private record Try(double steps, double seconds) {}

    void run() throws IOException, InterruptedException {
        Random random = new Random(SEED);
        List<Try> done = new ArrayList<>();
        try (ServerProcess server = ServerProcess.ready(setup.inSinglePrecision());
                VideoEvents events = new VideoEvents(server.client())) {
            VideoClient client = server.client();
            Usual usual = usual(client, events);
            String running = order(client);
            while (done.size() < tries) {
                String next = order(client);
                double moment = usual.moment(random, done.size() % DECODING_EACH == 0);
                long awaited = events.await(running, "in_progress") + (long) (moment * 1e9) - System.nanoTime();
                Thread.sleep(Duration.ofNanos(Math.max(0, awaited)));
                boolean ended = random.nextBoolean()
                        ? client.cancel(running).isOk()
                        : client.delete(running).isOk();
                long answered = System.nanoTime();
                double steps = client.metric("cogvideo_step_seconds_count");
                double seconds = (events.await(next, "in_progress") - answered) / 1e9;
                double later = client.metric("cogvideo_step_seconds_count");
                // One that was complete before is no try.
                if (ended && !events.isTold(running, "completed")) {
                    done.add(new Try(later - steps, seconds));
                }
                running = next;
            }
            client.delete(running);
            tell(usual, done);
        }
    }

    private static String order(VideoClient client) throws IOException, InterruptedException {
        return TinyVideo.order(client, TinyVideo.fields(SIZE, FRAMES, STEPS));
    }

    private static Usual usual(VideoClient client, VideoEvents events) throws IOException, InterruptedException {
        Usual longest = new Usual(0, 0, 0);
        for (int i = 0; i < SAMPLES; i++) {
            double begun = before(client);
            double steps = client.metric("cogvideo_step_seconds_sum");
            double decoding = client.metric(phase("decode"));
            events.await(order(client), "completed");
            longest = new Usual(
                    before(client) - begun, // without the opening of the model, in the last one
                    Math.max(longest.step(), (client.metric("cogvideo_step_seconds_sum") - steps) / STEPS),
                    Math.max(longest.batch(), (client.metric(phase("decode")) - decoding) / BATCHES));
        }
        return longest;
    }

    private static double before(VideoClient client) throws IOException, InterruptedException {
        return client.metric(phase("load")) + client.metric(phase("encode-prompt")) + client.metric(phase("denoise"));
    }

    private static String phase(String name) {
        return "cogvideo_job_duration_seconds_sum{phase=\"" + name + "\"}";
    }

    private void tell(Usual usual, List<Try> done) {
        double unit = usual.step() + usual.batch();
        List<Double> seconds = done.stream().map(Try::seconds).toList();
        double worst = done.stream().mapToDouble(Try::steps).max().orElseThrow();
        long late = done.stream()
                .filter(one -> one.steps() > 1 || one.seconds() > unit)
                .count();
        goals.tell("a step, of undisturbed videos", 1e3 * usual.step(), "ms");
        goals.tell("a decoded batch", 1e3 * usual.batch(), "ms");
        goals.tell("from the answer to a cancel to the next job, median", 1e3 * Goals.quantile(seconds, 0.5), "ms");
        goals.tell("90%", 1e3 * Goals.quantile(seconds, 0.9), "ms");
        goals.tell("the longest, as a share of a step and a batch", Goals.quantile(seconds, 1) / unit, "");
        goals.most("steps that ended between answer and next job, most of " + tries, worst, 1, "");
        goals.least("tries within a step and a batch", (double) (tries - late), tries, "");
    }
}
