package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.server.internal.job.JobEvents;
import io.github.cogvideo4j.server.internal.job.JobEvents.JobChange;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.request.ApiException;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import io.javalin.http.Context;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/// Changes of jobs as they happen, as server-sent events. Each has the number of the change, which a client sends back
/// as `Last-Event-ID` to go on where it was.
final class EventRoutes implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Duration QUIET = Duration.ofSeconds(15);
    private static final int MOST_OF_A_KEY = 64;
    private static final int MOST = 512;
    /// A client that reads nothing may hold its stream for longer; its connection is closed with the others.
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    private final Jobs jobs;
    private final OpenStreams open = new OpenStreams(MOST_OF_A_KEY, MOST);

    EventRoutes(Jobs jobs) {
        this.jobs = jobs;
    }

    void register(JavalinDefaultRoutingApi routes) {
        routes.get("/v1/videos/events", context -> stream(context, Optional.empty()));
        routes.get("/v1/videos/{id}/events", context -> stream(context, Optional.of(VideoRoutes.id(context))));
    }

    private void stream(Context context, Optional<String> id) throws IOException, InterruptedException {
        String owner = AccessCheck.owner(context);
        OptionalLong last = last(context);
        if (!open.enter(owner)) {
            throw Answers.refusal(429, ErrorType.RATE_LIMIT_ERROR, "too_many_streams")
                    .after(QUIET);
        }
        try (JobEvents events = jobs.events(owner, id, last)) {
            context.res().setContentType("text/event-stream");
            context.res().setCharacterEncoding("utf-8");
            context.header("X-Accel-Buffering", "no");
            OutputStream out = context.res().getOutputStream();
            write(out, "retry: 2000\n\n");
            pump(events, out, id);
        } finally {
            open.leave(owner);
        }
    }

    private void pump(JobEvents events, OutputStream out, Optional<String> id)
            throws IOException, InterruptedException {
        long written = System.nanoTime();
        while (!open.isClosed()) {
            Optional<JobChange> change = events.next(LOOK);
            if (change.isPresent()) {
                write(out, text(change.get()));
                written = System.nanoTime();
                if (id.isPresent() && isEnd(change.get())) {
                    return;
                }
            } else if (System.nanoTime() - written > QUIET.toNanos()) {
                // Proxies end connections that are silent.
                write(out, ": still here\n\n");
                written = System.nanoTime();
            }
        }
    }

    private static boolean isEnd(JobChange change) {
        return switch (change) {
            case JobEvents.Changed changed -> changed.job().state().isOver();
            case JobEvents.Removed _ -> true;
            case JobEvents.Queue _ -> false;
        };
    }

    private static String text(JobChange change) {
        return switch (change) {
            case JobEvents.Changed changed ->
                event(change.id(), "video", VideoJson.video(changed.job()).toString());
            case JobEvents.Removed removed ->
                event(
                        change.id(),
                        "deleted",
                        JsonFile.newObject().put("id", removed.jobId()).toString());
            case JobEvents.Queue queue ->
                event(change.id(), "queue", VideoJson.queue(queue.queue()).toString());
        };
    }

    /// JSON has no line breaks outside of texts, and writes those in texts as `\n`: a line is enough.
    private static String event(long id, String name, String data) {
        return "id: " + id + "\nevent: " + name + "\ndata: " + data + "\n\n";
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static OptionalLong last(Context context) {
        String text = Optional.ofNullable(context.header("Last-Event-ID"))
                .or(() -> Optional.ofNullable(context.queryParam("last_event_id")))
                .orElse("");
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!text.matches("\\d{1,18}")) {
            throw ApiException.invalid("Last-Event-ID", "server.request.no-whole", "Last-Event-ID");
        }
        return OptionalLong.of(Long.parseLong(text));
    }

    /// Ends all streams, and waits until none looks at the jobs any more; clients come back elsewhere or later.
    @Override
    public void close() {
        open.close(FAREWELL);
    }
}
