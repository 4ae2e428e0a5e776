package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// What a stream of events tells of videos, with the moment at which each event came.
final class VideoEvents implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final String DATA = "data: ";

    private final Stream<String> lines;
    private final List<Told> told = new ArrayList<>();

    /// An event.
    ///
    /// @param nanos when it came, as [System#nanoTime()]
    record Told(long nanos, JsonNode video) {
        private boolean says(String id, String status) {
            return video.path("id").asString().equals(id)
                    && video.path("status").asString().equals(status);
        }
    }

    /// Listens from now on.
    VideoEvents(VideoClient client) throws IOException, InterruptedException {
        this.lines = client.events();
        Thread.ofVirtual().start(this::listen);
    }

    private void listen() {
        try {
            lines.filter(line -> line.startsWith(DATA)).forEach(line -> {
                long now = System.nanoTime();
                JsonNode video =
                        JsonFile.parseObject(line.substring(DATA.length()), Place.nowhere(), ProblemCode.REQUEST);
                synchronized (told) {
                    told.add(new Told(now, video));
                    told.notifyAll();
                }
            });
        } catch (UncheckedIOException _) {
            // It was closed.
        }
    }

    /// Waits until a video is said to have a status.
    ///
    /// @return when that was said first
    long await(String id, String status) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        synchronized (told) {
            int next = 0;
            while (true) {
                for (; next < told.size(); next++) {
                    if (told.get(next).says(id, status)) {
                        return told.get(next).nanos();
                    }
                }
                long left = Duration.ofNanos(end - System.nanoTime()).toMillis();
                Inspection.check(left > 0, "no event says that " + id + " is " + status);
                told.wait(left);
            }
        }
    }

    /// What was said while a video was in progress.
    List<Told> inProgress(String id) {
        synchronized (told) {
            return told.stream().filter(event -> event.says(id, "in_progress")).toList();
        }
    }

    @Override
    public void close() {
        lines.close();
    }
}
