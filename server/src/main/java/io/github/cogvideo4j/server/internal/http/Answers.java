package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.request.ApiException;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// Answers in JSON: what was asked for, or the envelope of an error.
final class Answers {
    private static final String JSON = "application/json";
    private static final int SERVER_ERRORS = 500;
    private static final double MILLIS = 1_000;

    private Answers() {}

    static void json(Context context, ObjectNode json) {
        context.contentType(JSON).result(json.toString());
    }

    /// The language of an answer's sentences: Chinese where a client wants it before others, else English.
    static Locale language(Context context) {
        String wanted = context.header("Accept-Language");
        return wanted != null && wanted.strip().toLowerCase(Locale.ROOT).startsWith("zh")
                ? Locale.CHINESE
                : Locale.ENGLISH;
    }

    /// Answers with an error, all four fields present.
    static void error(Context context, ApiException refused) {
        context.status(refused.status());
        refused.retryAfter().ifPresent(time -> {
            long seconds = Math.max(1, (long) Math.ceil(time.toMillis() / MILLIS));
            context.header("Retry-After", Long.toString(seconds));
        });
        if (refused.status() >= SERVER_ERRORS && refused.retryAfter().isEmpty()) {
            // Clients try every 5xx again, and this one repeats.
            context.header("x-should-retry", "false");
        }
        if (refused.status() == 401) {
            context.header("WWW-Authenticate", "Bearer");
        }
        json(context, envelope(refused, language(context)));
    }

    static ObjectNode envelope(ApiException refused, Locale language) {
        ObjectNode root = JsonFile.newObject();
        ObjectNode error = root.putObject("error");
        error.put("message", refused.told().text(language));
        error.put("type", refused.type().toString());
        error.put("param", refused.parameter().orElse(null));
        error.put("code", refused.code());
        return root;
    }

    /// The refusal that an exception of the jobs stands for.
    static ApiException of(JobRefusedException refused) {
        ApiException answer = switch (refused.reason()) {
            case NOT_FOUND -> refusal(404, "video_not_found");
            case NOT_READY -> refusal(404, "video_not_ready");
            case FAILED -> refusal(404, "video_failed");
            case EXPIRED -> refusal(410, "video_expired");
            case CANNOT_CANCEL -> refusal(400, "video_not_cancellable");
            case NOT_QUEUED -> refusal(400, "video_not_queued");
            case INVALID -> refusal(400, "invalid_value");
            case MODEL_UNKNOWN -> refusal(400, "model_not_found").at("model");
            case QUEUE_FULL -> refusal(429, ErrorType.RATE_LIMIT_ERROR, "queue_full");
            case STORAGE_FULL -> refusal(507, ErrorType.SERVER_ERROR, "insufficient_storage");
            case DRAINING -> refusal(503, ErrorType.SERVER_ERROR, "draining").after(Duration.ofSeconds(5));
            case KEY_REUSED -> refusal(400, "idempotency_key_reused");
        };
        if (refused.retryAfter().isPresent()) {
            answer = answer.after(refused.retryAfter().get());
        } else if (answer.status() == 429) {
            answer = answer.after(Duration.ofSeconds(30));
        }
        return answer.saying(refused.told());
    }

    /// The refusal that an exception of the library stands for; empty for a defect.
    static Optional<ApiException> of(CarriesProblem refused) {
        Message told = refused.problem().message();
        String code = refused.problem().code().id().replace('-', '_');
        if (refused.problem().code() == ProblemCode.NO_SPACE) {
            return Optional.of(
                    refusal(507, ErrorType.SERVER_ERROR, "insufficient_storage").saying(told));
        }
        return switch (refused.category()) {
            case USAGE, INPUT, FINDING -> Optional.of(refusal(400, code).saying(told));
            case ENVIRONMENT ->
                Optional.of(
                        refused.problem().code() == ProblemCode.MEMORY
                                ? refusal(400, code).saying(told)
                                : refusal(500, ErrorType.SERVER_ERROR, code).saying(told));
            case CANCELLED, DEFECT -> Optional.empty();
        };
    }

    private static ApiException refusal(int status, String code) {
        return refusal(status, ErrorType.INVALID_REQUEST_ERROR, code);
    }

    static ApiException refusal(int status, ErrorType type, String code) {
        return ApiException.of(status, type, code, "server.http." + code.replace('_', '-'));
    }
}
