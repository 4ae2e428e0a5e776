package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.server.internal.job.EngineStatus;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.request.ApiException;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import io.github.cogvideo4j.server.internal.request.VideoRequestReader;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What stands beside the videos: models, adapters, the queue, sessions of browsers, health, metrics, the description.
final class ServiceRoutes {
    /// Paths that are answered without a key.
    static final Set<String> OPEN =
            Set.of("/livez", "/readyz", "/health", "/metrics", "/openapi.yaml", "/v1/session", "/favicon.ico");

    private static final Duration SESSION = Duration.ofDays(7);

    private final Jobs jobs;
    private final AccessCheck access;
    private final Metrics metrics;
    private final byte[] description;

    ServiceRoutes(Jobs jobs, AccessCheck access, Metrics metrics) {
        this.jobs = jobs;
        this.access = access;
        this.metrics = metrics;
        try (InputStream in = ServiceRoutes.class.getResourceAsStream("/io/github/cogvideo4j/server/openapi.yaml")) {
            if (in == null) {
                throw new IllegalStateException("openapi.yaml is not in the jar");
            }
            this.description = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void register(JavalinDefaultRoutingApi routes) {
        routes.get("/livez", context -> health(context, jobs.status().workersAlive()));
        routes.get("/readyz", context -> health(context, jobs.status().ready()));
        routes.get("/health", context -> health(context, jobs.status().ready()));
        routes.get(
                "/metrics",
                context -> context.contentType("text/plain; version=0.0.4; charset=utf-8")
                        .result(metrics.text(jobs.status())));
        routes.get(
                "/openapi.yaml",
                context -> context.contentType("application/yaml").result(description));
        routes.get("/v1/models", this::models);
        routes.get("/v1/models/{name}", context -> Answers.json(context, VideoJson.model(model(context))));
        routes.get("/v1/loras", this::loras);
        routes.get("/v1/queue", context -> Answers.json(context, VideoJson.queue(jobs.queue())));
        routes.post("/v1/queue/pause", context -> pause(context, true));
        routes.post("/v1/queue/resume", context -> pause(context, false));
        routes.get("/v1/session", this::session);
        routes.post("/v1/session", this::login);
        routes.delete("/v1/session", context -> {
            cookie(context, "", 0);
            context.status(204);
        });
    }

    private void health(Context context, boolean good) {
        EngineStatus status = jobs.status();
        ObjectNode json = JsonFile.newObject();
        json.put("status", good ? "ok" : "unavailable");
        json.putObject("checks")
                .put("workers", status.workersAlive())
                .put("model", status.modelReady())
                .put("store", status.storeWritable())
                .put("space", status.spaceLeft())
                .put("draining", status.draining());
        context.status(good ? 200 : 503);
        Answers.json(context, json);
    }

    private void models(Context context) {
        ObjectNode json = JsonFile.newObject().put("object", "list");
        ArrayNode data = json.putArray("data");
        jobs.models().forEach(card -> data.add(VideoJson.model(card)));
        Answers.json(context, json);
    }

    private ModelCard model(Context context) {
        return jobs.models().stream()
                .filter(card -> card.name().equals(context.pathParam("name")))
                .findFirst()
                .orElseThrow(() -> Answers.refusal(404, ErrorType.INVALID_REQUEST_ERROR, "model_not_found"));
    }

    private void loras(Context context) {
        ObjectNode json = JsonFile.newObject().put("object", "list");
        ArrayNode data = json.putArray("data");
        jobs.loras().forEach(name -> data.addObject().put("id", name).put("object", "lora"));
        Answers.json(context, json);
    }

    /// The queue is everybody's, so not everybody may stop it.
    private void pause(Context context, boolean paused) {
        if (!access.isAdmin(AccessCheck.owner(context))) {
            throw Answers.refusal(403, ErrorType.PERMISSION_ERROR, "admin_only");
        }
        Answers.json(context, VideoJson.queue(jobs.pause(paused)));
    }

    private void session(Context context) {
        answer(context, access.identify(context));
    }

    private void answer(Context context, Optional<String> owner) {
        ObjectNode json = JsonFile.newObject();
        json.put("object", "session");
        json.put("required", access.required());
        json.put("name", owner.orElse(null));
        json.put("admin", owner.filter(access::isAdmin).isPresent());
        Answers.json(context, json);
    }

    private void login(Context context) throws IOException {
        String key = VideoRequestReader.key(context.req(), jobs.uploads());
        if (!access.required()) {
            answer(context, access.identify(context));
            return;
        }
        String owner = access.login(context, key);
        cookie(context, access.session(owner, SESSION.toSeconds()), Math.toIntExact(SESSION.toSeconds()));
        answer(context, Optional.of(owner));
    }

    private static void cookie(Context context, String value, int seconds) {
        boolean encrypted = "https".equals(context.header("X-Forwarded-Proto"))
                || context.req().isSecure();
        context.cookie(new Cookie(AccessCheck.COOKIE, value, "/", seconds, encrypted, true, null, SameSite.STRICT));
    }

    /// No such path.
    static ApiException unknownPath() {
        return Answers.refusal(404, ErrorType.INVALID_REQUEST_ERROR, "not_found");
    }
}
