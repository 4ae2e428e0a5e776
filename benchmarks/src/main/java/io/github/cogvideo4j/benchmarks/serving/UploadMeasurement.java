package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import io.github.cogvideo4j.benchmarks.serving.VideoClient.Answer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// How much memory a large upload takes while it comes.
record UploadMeasurement(Setup setup, Goals goals) {
    private static final int SIZE = 60 << 20;
    private static final int AT_ONCE = 10;
    private static final int WARM_UP = 5;
    private static final int PAUSE_MILLIS = 2;
    private static final Map<String, String> FIELDS = Map.of("prompt", "in winter", "num_inference_steps", "2");

    void run() throws Exception {
        Path sample = setup.data().resolveSibling("sample.mp4");
        Path large = setup.data().resolveSibling("large.mp4");
        try (ServerProcess server = ServerProcess.ready(setup)) {
            TinyVideo.fetch(server.client(), sample);
            pad(sample, large);
            for (int i = 0; i < WARM_UP; i++) {
                remove(server, send(server, sample));
            }
            goals.most(
                    "memory that an upload of 60 MiB adds",
                    Goals.megabytes(rise(server, () -> List.of(send(server, large)))),
                    16,
                    "MB");
            goals.most(
                    "memory that " + AT_ONCE + " of them at once add",
                    Goals.megabytes(rise(server, () -> together(server, large))),
                    64,
                    "MB");
        }
    }

    /// The same video, with a box at its end that players skip.
    private static void pad(Path video, Path padded) throws IOException {
        Files.copy(video, padded, StandardCopyOption.REPLACE_EXISTING);
        try (RandomAccessFile file = new RandomAccessFile(padded.toFile(), "rw")) {
            long length = file.length();
            file.seek(length);
            file.writeInt(Math.toIntExact(SIZE - length));
            file.write("free".getBytes(StandardCharsets.US_ASCII));
            file.setLength(SIZE);
        }
    }

    private static String send(ServerProcess server, Path file) throws IOException, InterruptedException {
        Answer answer = server.client().upload("/v1/videos/edits", FIELDS, file, Optional.empty());
        Inspection.check(answer.isOk(), "an upload is refused: " + answer);
        return answer.json().path("id").asString();
    }

    private static List<String> together(ServerProcess server, Path file) throws Exception {
        List<String> ids = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var sent :
                    threads.invokeAll(Collections.<Callable<String>>nCopies(AT_ONCE, () -> send(server, file)))) {
                ids.add(sent.get());
            }
        }
        return ids;
    }

    private static void remove(ServerProcess server, String id) throws IOException, InterruptedException {
        TinyVideo.await(server.client(), id);
        server.client().delete(id);
    }

    /// The most memory while something is sent, above what it was before.
    private static long rise(ServerProcess server, Callable<List<String>> sending) throws Exception {
        server.liveHeapBytes(); // collects: what is free again is no part of what comes
        long before = server.anonymousBytes();
        long most = before;
        try (ExecutorService thread = Executors.newVirtualThreadPerTaskExecutor()) {
            var ids = thread.submit(sending);
            while (!ids.isDone()) {
                most = Math.max(most, server.anonymousBytes());
                Thread.sleep(PAUSE_MILLIS);
            }
            for (String id : ids.get()) {
                remove(server, id);
            }
        }
        return most - before;
    }
}
