package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The time from the start of the launcher until jobs are taken, and the memory then. The weights of a model are only
/// opened for its first job.
record StartMeasurement(Setup setup, Goals goals) {
    private static final int ROUNDS = 5;
    private static final Duration REST = Duration.ofSeconds(1);

    void run() throws IOException, InterruptedException {
        measure("with the cache of loaded classes", setup, 1);
        measure("without it", setup.with("COGVIDEO_JAVA_OPTS", "-XX:AOTMode=off"), 2);
    }

    private void measure(String how, Setup started, double goalSeconds) throws IOException, InterruptedException {
        List<Double> seconds = new ArrayList<>();
        List<Double> resident = new ArrayList<>();
        List<Double> anonymous = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            long begin = System.nanoTime();
            try (ServerProcess server = ServerProcess.ready(started)) {
                seconds.add((System.nanoTime() - begin) / 1e9);
                Thread.sleep(REST);
                resident.add(Goals.megabytes(server.residentBytes()));
                anonymous.add(Goals.megabytes(server.anonymousBytes()));
            }
        }
        goals.most("ready " + how + ", median of " + ROUNDS, Goals.quantile(seconds, 0.5), goalSeconds, "s");
        goals.most("resident memory " + how, Goals.quantile(resident, 0.5), 120, "MB");
        goals.tell("of it no pages of files", Goals.quantile(anonymous, 0.5), "MB");
    }
}
