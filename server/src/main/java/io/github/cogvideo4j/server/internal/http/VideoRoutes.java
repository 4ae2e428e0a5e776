package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobEvents;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.request.ApiException;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import io.github.cogvideo4j.server.internal.request.Uploads;
import io.github.cogvideo4j.server.internal.request.VideoRequestReader;
import io.github.cogvideo4j.server.internal.request.VideoRequestReader.Asked;
import io.github.cogvideo4j.server.internal.security.Rates;
import io.javalin.http.Context;
import io.javalin.router.JavalinDefaultRoutingApi;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Videos: made, listed, told of, deleted.
final class VideoRoutes {
    private static final int MOST_LISTED = 100;
    private static final int USUALLY_LISTED = 20;
    private static final int LONGEST_WORD = 255;
    private static final String POLL_AFTER = "1000";
    private static final double NANOS = 1e9;
    private static final double MEBI = 1 << 20;
    private static final long MOST_FIGURES = 64 << 10;

    private final Jobs jobs;
    private final VideoRequestReader reader;
    private final Rates jobRate;
    private final Rates uploadRate;
    private final Duration patience;
    private final AccessCheck access;

    VideoRoutes(Jobs jobs, Rates jobRate, Rates uploadRate, Duration patience, AccessCheck access) {
        this.jobs = jobs;
        this.reader = new VideoRequestReader(jobs);
        this.jobRate = jobRate;
        this.uploadRate = uploadRate;
        this.patience = patience;
        this.access = access;
    }

    void register(JavalinDefaultRoutingApi routes) {
        routes.post("/v1/videos", context -> make(context, reader::create));
        routes.get("/v1/videos", this::list);
        routes.post("/v1/videos/sync", this::sync);
        routes.post("/v1/videos/estimate", this::estimate);
        routes.post("/v1/videos/edits", context -> make(context, reader::edit));
        routes.post("/v1/videos/extensions", context -> make(context, reader::extension));
        routes.post("/v1/videos/characters", VideoRoutes::characters);
        routes.get("/v1/videos/characters/{id}", VideoRoutes::characters);
        routes.post(
                "/v1/videos/{id}/remix",
                context -> make(context, (http, owner, uploads) -> reader.remix(http, owner, id(context), uploads)));
        routes.post("/v1/videos/{id}/cancel", context -> {
            Job job = jobs.cancel(AccessCheck.owner(context), id(context));
            Answers.json(context, VideoJson.video(job));
        });
        routes.post("/v1/videos/{id}/move", this::move);
        routes.post("/v1/videos/{id}/url", this::url);
        routes.get("/v1/videos/{id}", context -> {
            context.header("openai-poll-after-ms", POLL_AFTER);
            Answers.json(context, VideoJson.video(jobs.find(AccessCheck.owner(context), id(context))));
        });
        routes.delete("/v1/videos/{id}", context -> {
            String id = id(context);
            jobs.delete(AccessCheck.owner(context), id);
            Answers.json(
                    context,
                    JsonFile.newObject()
                            .put("id", id)
                            .put("object", "video.deleted")
                            .put("deleted", true));
        });
    }

    static String id(Context context) {
        return context.pathParam("id");
    }

    private static void characters(Context context) {
        throw Answers.refusal(404, ErrorType.INVALID_REQUEST_ERROR, "characters_not_supported");
    }

    /// A way to read a request.
    @FunctionalInterface
    private interface Reading {
        Asked read(HttpServletRequest http, String owner, Uploads uploads) throws IOException;
    }

    private void make(Context context, Reading reading) throws IOException {
        List<Job> made = accept(context, reading);
        ObjectNode json = VideoJson.video(made.getFirst());
        if (made.size() > 1) {
            ArrayNode ids = json.putArray("video_ids");
            made.forEach(job -> ids.add(job.id()));
        }
        Answers.json(context, json);
    }

    private List<Job> accept(Context context, Reading reading) throws IOException {
        String owner = AccessCheck.owner(context);
        require(jobRate, owner);
        if (context.isMultipartFormData()) {
            require(uploadRate, owner);
        }
        Optional<String> idempotency = idempotencyKey(context);
        try (Uploads uploads = new Uploads(jobs.uploads())) {
            Asked asked = reading.read(context.req(), owner, uploads);
            if (asked.count() > 1
                    && (idempotency.isPresent() || !asked.request().inputs().isEmpty())) {
                throw ApiException.invalid("n", "server.request.many");
            }
            for (int i = 1; i < asked.count(); i++) {
                require(jobRate, owner);
            }
            List<Job> made = new ArrayList<>();
            try {
                for (int i = 0; i < asked.count(); i++) {
                    VideoRequest request =
                            asked.request().withSeed(asked.request().seed() + i);
                    made.add(jobs.submit(new Jobs.Submission(owner, request, asked.operation(), idempotency, 0))
                            .job());
                }
            } catch (RuntimeException | IOException e) {
                made.forEach(job -> jobs.delete(owner, job.id()));
                throw e;
            }
            uploads.keep();
            return made;
        }
    }

    private static void require(Rates rates, String owner) {
        rates.take(owner).ifPresent(wait -> {
            throw Answers.refusal(429, ErrorType.RATE_LIMIT_ERROR, "rate_limit_exceeded")
                    .after(wait);
        });
    }

    private static Optional<String> idempotencyKey(Context context) {
        Optional<String> key = Optional.ofNullable(context.header("Idempotency-Key"));
        if (key.filter(text -> text.isBlank()
                        || text.length() > LONGEST_WORD
                        || !text.chars().allMatch(c -> c >= ' ' && c < 0x7F))
                .isPresent()) {
            throw ApiException.invalid("Idempotency-Key", "server.request.idempotency", LONGEST_WORD);
        }
        return key;
    }

    private void list(Context context) {
        int limit = whole(context, "limit", MOST_LISTED, USUALLY_LISTED);
        String order = Optional.ofNullable(context.queryParam("order")).orElse("desc");
        if (!order.equals("asc") && !order.equals("desc")) {
            throw ApiException.invalid("order", "server.request.one-of", "order", List.of("asc", "desc"));
        }
        Optional<String> text = Optional.ofNullable(context.queryParam("query")).filter(words -> !words.isBlank());
        if (text.filter(words -> words.length() > LONGEST_WORD).isPresent()) {
            throw ApiException.invalid("query", "server.request.long", "query", LONGEST_WORD);
        }
        Jobs.JobPage page = jobs.list(
                AccessCheck.owner(context),
                new Jobs.ListQuery(limit, order.equals("asc"), Optional.ofNullable(context.queryParam("after")), text));
        Answers.json(context, VideoJson.list(page.jobs(), page.hasMore()));
    }

    private static int whole(Context context, String name, int most, int usual) {
        String text = context.queryParam(name);
        if (text == null || text.isEmpty()) {
            return usual;
        }
        if (!text.matches("\\d{1,9}") || Integer.parseInt(text) > most) {
            throw ApiException.invalid(name, "server.request.range", name, text, 0, most);
        }
        return Integer.parseInt(text);
    }

    private void estimate(Context context) throws IOException {
        try (Uploads uploads = new Uploads(jobs.uploads())) {
            VideoRequest request = reader.estimate(context.req(), AccessCheck.owner(context), uploads)
                    .request();
            Answers.json(context, VideoJson.estimate(jobs.estimate(request), Answers.language(context)));
        }
    }

    private void move(Context context) throws IOException {
        int position = reader.position(context.req(), jobs.uploads());
        Answers.json(context, VideoJson.video(jobs.move(AccessCheck.owner(context), id(context), position)));
    }

    /// An address of a video's file that needs no key for an hour.
    private void url(Context context) throws IOException {
        String owner = AccessCheck.owner(context);
        String id = id(context);
        FileKind kind = ContentRoutes.kind(context);
        jobs.file(owner, id, kind);
        long seconds = Duration.ofHours(1).toSeconds();
        String path = "/v1/videos/" + id + "/content";
        ObjectNode json = JsonFile.newObject();
        json.put("object", "video.url");
        json.put("url", access.signed(path, ContentRoutes.variant(context), owner, seconds));
        json.put("expires_at", Instant.now().getEpochSecond() + seconds);
        Answers.json(context, json);
    }

    /// Makes a video and answers with the file, as vLLM-Omni's endpoint of that name does.
    private void sync(Context context) throws IOException, InterruptedException {
        String owner = AccessCheck.owner(context);
        long begin = System.nanoTime();
        Job job = accept(context, reader::create).getFirst();
        job = wait(owner, job, begin);
        context.header("x-video-id", job.id());
        if (job.state() == JobState.FAILED) {
            Job.JobError error = job.error().orElseThrow();
            throw Answers.refusal(500, ErrorType.SERVER_ERROR, "video_failed")
                    .saying(Message.of("server.http.failed", job.id(), error.code(), error.message()));
        }
        context.header("x-model", job.request().model());
        context.header("x-inference-time-s", String.format(Locale.ROOT, "%.3f", (System.nanoTime() - begin) / NANOS));
        figures(context, owner, job.id());
        ContentRoutes.send(context, jobs.file(owner, job.id(), FileKind.VIDEO), job.id());
    }

    /// What was measured of the work; a server of another version may not have written it.
    private void figures(Context context, String owner, String id) throws IOException {
        try {
            Path file = jobs.file(owner, id, FileKind.FIGURES).path();
            ObjectNode figures = JsonFile.readObject(file, MOST_FIGURES, ProblemCode.REQUEST);
            context.header("x-stage-durations", figures.path("seconds").toString());
            if (figures.has("peak_memory_bytes")) {
                double peak = figures.get("peak_memory_bytes").doubleValue() / MEBI;
                context.header("x-peak-memory-mb", String.format(Locale.ROOT, "%.2f", peak));
            }
        } catch (JobRefusedException e) {
            if (e.reason() != JobRefusedException.Reason.NOT_FOUND) {
                throw e;
            }
        }
    }

    private Job wait(String owner, Job job, long begin) throws InterruptedException {
        try (JobEvents events =
                jobs.events(owner, Optional.of(job.id()), OptionalLong.of(Math.max(0, job.change() - 1)))) {
            while (System.nanoTime() - begin < patience.toNanos()) {
                events.next(Duration.ofSeconds(1));
                Job now = jobs.find(owner, job.id());
                if (now.state().isOver()) {
                    return now;
                }
            }
        } catch (JobRefusedException e) {
            throw Answers.of(e);
        }
        throw Answers.refusal(504, ErrorType.SERVER_ERROR, "sync_timeout")
                .saying(Message.of("server.http.sync-timeout", patience.toSeconds(), job.id()));
    }
}
