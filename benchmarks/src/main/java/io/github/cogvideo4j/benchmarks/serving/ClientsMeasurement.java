package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Many clients at once: a queue of jobs, clients that ask for them as often as the server says, and streams of events,
/// each of which has to tell the end of every job.
record ClientsMeasurement(Setup setup, Goals goals) {
    private static final int JOBS = 200;
    private static final int POLLERS = 50;
    private static final int STREAMS = 20;
    private static final int STEPS = 2;
    private static final int POLL_MILLIS = 1_000;
    private static final double HEAP_MEGABYTES = 256;
    /// By how much the live heap may differ between two moments of the same load.
    private static final double FLAT_MEGABYTES = 8;

    private static final Pattern ENDED =
            Pattern.compile("data: \\{\"id\":\"(video_\\w+)\".*\"status\":\"(completed|failed)\".*");

    void run() throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.ready(setup)) {
            VideoClient client = server.client();
            AtomicBoolean over = new AtomicBoolean();
            List<Set<String>> told = new ArrayList<>();
            List<Thread> streams = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) {
                Set<String> ended = new HashSet<>();
                told.add(ended);
                Stream<String> lines = client.events();
                streams.add(Thread.ofVirtual().start(() -> listen(lines, ended)));
            }
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < JOBS; i++) {
                ids.add(TinyVideo.order(client, STEPS));
            }
            Queue<Double> millis = new ConcurrentLinkedQueue<>();
            List<Thread> pollers = new ArrayList<>();
            for (int i = 0; i < POLLERS; i++) {
                Random random = new Random(i);
                pollers.add(Thread.ofVirtual().start(() -> poll(client, ids, random, millis, over)));
            }
            TinyVideo.await(client, ids.get(JOBS / 4));
            double early = Goals.megabytes(server.liveHeapBytes());
            TinyVideo.await(client, ids.get(JOBS - 1 - JOBS / 10));
            double late = Goals.megabytes(server.liveHeapBytes());
            for (String id : ids) {
                var end = TinyVideo.await(client, id).json();
                Inspection.check(end.path("status").asString().equals("completed"), "a video failed: " + end);
            }
            over.set(true);
            for (Thread poller : pollers) {
                poller.join();
            }
            for (Thread stream : streams) {
                stream.join();
            }
            for (Set<String> ended : told) {
                Inspection.check(ended.containsAll(ids), "a stream told of " + ended.size() + " ends only");
            }
            List<Double> answers = List.copyOf(millis);
            goals.tell("answers to " + POLLERS + " clients, 99%", Goals.quantile(answers, 0.99), "ms");
            goals.tell("resident memory with all of them", Goals.megabytes(server.residentBytes()), "MB");
            goals.most("live heap, late", late, HEAP_MEGABYTES, "MB");
            goals.most("live heap, late, above early", Math.max(0, late - early), FLAT_MEGABYTES, "MB");
        }
    }

    /// Reads a stream until it told the end of all jobs.
    private static void listen(Stream<String> lines, Set<String> ended) {
        try (lines) {
            var each = lines.iterator();
            while (ended.size() < JOBS && each.hasNext()) {
                Matcher end = ENDED.matcher(each.next());
                if (end.matches()) {
                    ended.add(end.group(1));
                }
            }
        }
    }

    private static void poll(
            VideoClient client, List<String> ids, Random random, Queue<Double> millis, AtomicBoolean over) {
        try {
            while (!over.get()) {
                Thread.sleep(random.nextInt(2 * POLL_MILLIS));
                long begin = System.nanoTime();
                var answer = client.video(ids.get(random.nextInt(ids.size())));
                millis.add((System.nanoTime() - begin) / 1e6);
                Inspection.check(answer.isOk(), "a poll is answered by " + answer);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
