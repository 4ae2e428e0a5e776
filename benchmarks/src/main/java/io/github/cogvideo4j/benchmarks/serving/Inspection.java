package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.Order.BrokenPromise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// The look at everything after the last kill: orders against jobs, jobs against files.
///
/// @param client   a server that works
/// @param data     the folder of data
/// @param attempts how often a job may be begun
record Inspection(VideoClient client, Path data, int attempts) {
    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final Duration AGE = Duration.ofHours(2);
    private static final List<String> FILES =
            List.of("/content", "/content?variant=thumbnail", "/content?variant=spritesheet", "/record");

    /// Waits until no job waits or runs, and takes note of how each ended.
    void awaitEnds(List<Order> orders) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        for (Order order : orders) {
            while (!order.isOver()) {
                order.poll(client);
                check(System.nanoTime() < end, "not all jobs come to their end: " + order.id());
                if (!order.isOver()) {
                    Thread.sleep(50);
                }
            }
        }
    }

    /// Each order is one job, which ended as it should, and there are no other jobs.
    void checkJobs(List<Order> orders, int kills) throws IOException, InterruptedException {
        Map<String, JsonNode> jobs = jobs();
        Set<String> ids = new HashSet<>();
        for (Order order : orders) {
            check(ids.add(order.id()), "two orders became one job: " + order.id());
            if (order.isDeleted()) {
                check(client.video(order.id()).status() == 404, "a deleted video is there: " + order.id());
                continue;
            }
            check(jobs.containsKey(order.id()), "an accepted video is not listed: " + order.id());
            JsonNode job = Objects.requireNonNull(jobs.remove(order.id()));
            order.see(job);
            order.requireGoodEnd();
            check(job.path("attempt").asInt() <= attempts, "begun too often: " + job);
            check(!order.isInterrupted() || job.path("attempt").asInt() == attempts, "given up too early: " + job);
        }
        check(jobs.isEmpty(), "videos that nobody ordered: " + jobs.keySet());
        long interrupted = orders.stream().filter(Order::isInterrupted).count();
        // A kill interrupts one job, and a job is given up after as many as it may be begun.
        check(interrupted * attempts <= kills, interrupted + " videos were given up after " + kills + " kills");
    }

    private Map<String, JsonNode> jobs() throws IOException, InterruptedException {
        return client.all().stream()
                .collect(Collectors.toMap(job -> job.path("id").asString(), Function.identity()));
    }

    /// Each completed job has its files, and there are no other files.
    void checkFiles() throws IOException, InterruptedException {
        Set<String> expected = new TreeSet<>();
        long inputs = 0;
        for (JsonNode job : client.all()) {
            String id = job.path("id").asString();
            inputs += job.path("inputs").size();
            if (job.path("status").asString().equals("completed")) {
                expected.add(id + "-" + job.path("attempt").asInt());
                for (String file : FILES) {
                    check(client.bytes("/v1/videos/" + id + file).length > 0, "an empty file: " + id + file);
                }
            }
        }
        check(
                names(data.resolve("videos")).equals(expected),
                "files of videos are not those of the rows: " + names(data.resolve("videos")) + " instead of "
                        + expected);
        Set<String> uploads = names(data.resolve("uploads"));
        check(uploads.size() == inputs, uploads.size() + " uploads for " + inputs + " inputs");
    }

    private static Set<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /// Makes uploads older than any that a request may still be about to use: those that a kill left are swept then.
    static void ageUploads(Path data) throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(AGE));
        try (Stream<Path> files = Files.list(data.resolve("uploads"))) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, old);
            }
        }
    }

    static void check(boolean good, String otherwise) {
        if (!good) {
            throw new BrokenPromise(otherwise);
        }
    }
}
