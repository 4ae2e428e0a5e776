package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Many jobs one after the other: memory must not grow with their number.
///
/// The rule: over windows of a tenth of all jobs each, the mean of the last two windows is at most 5% above the mean of
/// the third and fourth, for memory that is no page of a file and for the live heap; as many files are open.
record Soak(Setup setup, Goals goals, int jobs) {
    private static final int WINDOWS = 10;
    private static final int WAITING = 8;
    private static final int STEPS = 2;
    private static final double FLAT = 1.05;

    void run() throws IOException, InterruptedException {
        int size = jobs / WINDOWS;
        List<Double> memory = new ArrayList<>();
        List<Double> heap = new ArrayList<>();
        List<Double> files = new ArrayList<>();
        try (ServerProcess server = ServerProcess.ready(setup)) {
            Deque<String> waiting = new ArrayDeque<>();
            for (int window = 0; window < WINDOWS; window++) {
                List<Double> within = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    waiting.add(TinyVideo.order(server.client(), STEPS));
                    if (waiting.size() > WAITING) {
                        var end = TinyVideo.await(server.client(), waiting.remove())
                                .json();
                        Inspection.check(end.path("status").asString().equals("completed"), "a video failed: " + end);
                    }
                    within.add(Goals.megabytes(server.anonymousBytes()));
                }
                memory.add(Goals.mean(within));
                heap.add(Goals.megabytes(server.liveHeapBytes()));
                files.add((double) server.openFiles());
                goals.tell("jobs " + (window + 1) * size + ": memory", memory.getLast(), "MB");
                goals.tell("jobs " + (window + 1) * size + ": live heap", heap.getLast(), "MB");
            }
        }
        grown("memory", memory, FLAT);
        grown("live heap", heap, FLAT);
        grown("open files", files, 1.1);
    }

    private void grown(String what, List<Double> windows, double most) {
        double early = Goals.mean(windows.subList(2, 4));
        double late = Goals.mean(windows.subList(WINDOWS - 2, WINDOWS));
        goals.most(what + " of the last fifth of " + jobs + " jobs against the second", late / early, most, "");
    }
}
