package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.server.internal.request.ApiException;
import io.github.cogvideo4j.server.internal.request.ApiException.ErrorType;
import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.server.internal.security.Origins;
import io.github.cogvideo4j.server.internal.security.Rates;
import io.github.cogvideo4j.server.internal.security.Seal;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// What comes before every route: headers that each answer has, the host, the origin, and whose request it is.
final class AccessCheck {
    /// The cookie of a session in a browser.
    static final String COOKIE = "cogvideo_session";
    /// What a session's seal is good for.
    static final String SESSION = "session";
    /// The parameter of a signed address.
    static final String SIGNATURE = "signature";
    /// The name of the key that may pause everybody's queue.
    static final String ADMIN = "admin";

    private static final String OWNER = "owner";
    private static final String BEARER = "bearer ";
    private static final String EXPOSED =
            "x-request-id, Retry-After, x-should-retry, openai-poll-after-ms, Content-Disposition, ETag, Content-Range";
    private static final int ID_BYTES = 12;
    private static final int FAILURES_PER_MINUTE = 60;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Set<HandlerType> READING =
            Set.of(HandlerType.GET, HandlerType.HEAD, HandlerType.OPTIONS, HandlerType.TRACE);

    private final ApiKeys keys;
    private final Seal seal;
    private final Origins origins;
    private final Predicate<String> open;
    private final Rates failures = new Rates(FAILURES_PER_MINUTE);

    /// @param open whether a path is answered without a key
    AccessCheck(ApiKeys keys, Seal seal, Origins origins, Predicate<String> open) {
        this.keys = keys;
        this.seal = seal;
        this.origins = origins;
        this.open = open;
    }

    /// The name of the key that a request has.
    static String owner(Context context) {
        String owner = context.attribute(OWNER);
        if (owner == null) {
            throw new IllegalStateException("a route without an owner: " + context.path());
        }
        return owner;
    }

    /// Whether a request may do what concerns all keys.
    boolean isAdmin(String owner) {
        return !keys.required() || owner.equals(ADMIN);
    }

    /// Whether keys are needed.
    boolean required() {
        return keys.required();
    }

    /// Headers that every answer has, whatever it will be.
    static void headers(Context context) {
        byte[] id = new byte[ID_BYTES];
        RANDOM.nextBytes(id);
        context.header("x-request-id", "req_" + HexFormat.of().formatHex(id));
        context.header("X-Content-Type-Options", "nosniff");
        context.header("Referrer-Policy", "no-referrer");
        context.header("Cross-Origin-Resource-Policy", "same-origin");
        context.header(
                "Content-Security-Policy",
                "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'");
        context.header("X-Frame-Options", "DENY");
        context.header("Cache-Control", "no-store");
    }

    /// Lets a request pass, or refuses it.
    void check(Context context) {
        Optional<String> host = Optional.ofNullable(context.header("Host"));
        if (!origins.servesHost(host)) {
            throw Answers.refusal(403, ErrorType.PERMISSION_ERROR, "host_not_allowed");
        }
        if (context.header("X-HTTP-Method-Override") != null) {
            // Javalin would take it for the method.
            throw Answers.refusal(400, ErrorType.INVALID_REQUEST_ERROR, "bad_request");
        }
        if (sharing(context)) {
            context.status(204);
            context.skipRemainingHandlers();
            return;
        }
        boolean own = context.header("Authorization") != null;
        if (!own
                && !READING.contains(context.method())
                && !origins.maySend(
                        Optional.ofNullable(context.header("Origin")),
                        Optional.ofNullable(context.header("Sec-Fetch-Site")),
                        host)) {
            throw Answers.refusal(403, ErrorType.PERMISSION_ERROR, "origin_not_allowed");
        }
        if (!open.test(context.path())) {
            context.attribute(OWNER, identify(context).orElseThrow(() -> unknown(context)));
        }
    }

    /// Headers for pages of listed origins.
    ///
    /// @return whether the request is a question of a browser that this answers
    private boolean sharing(Context context) {
        String origin = context.header("Origin");
        if (origin == null || !origins.allows(origin)) {
            return false;
        }
        context.header("Access-Control-Allow-Origin", origin);
        context.header("Vary", "Origin");
        context.header("Access-Control-Expose-Headers", EXPOSED);
        if (!context.method().equals(HandlerType.OPTIONS)) {
            return false;
        }
        context.header("Access-Control-Allow-Methods", "GET, POST, DELETE");
        context.header("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID");
        context.header("Access-Control-Max-Age", "600");
        return true;
    }

    /// Whose request it is. A key goes before a cookie, and what is wrong is not made good by what comes after it.
    Optional<String> identify(Context context) {
        if (!keys.required()) {
            return Optional.of(ApiKeys.LOCAL);
        }
        String authorization = context.header("Authorization");
        if (authorization != null) {
            return authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)
                    ? keys.owner(authorization.substring(BEARER.length()).strip())
                    : Optional.empty();
        }
        String signature = context.queryParam(SIGNATURE);
        if (signature != null && READING.contains(context.method())) {
            return seal.owner(
                    context.path() + "?"
                            + Optional.ofNullable(context.queryParam("variant")).orElse(""),
                    signature);
        }
        String cookie = context.cookie(COOKIE);
        return cookie == null ? Optional.empty() : seal.owner(SESSION, cookie);
    }

    private ApiException unknown(Context context) {
        Optional<Duration> wait = failures.take(context.ip());
        return wait.isPresent()
                ? Answers.refusal(429, ErrorType.RATE_LIMIT_ERROR, "rate_limit_exceeded")
                        .after(wait.get())
                : Answers.refusal(401, ErrorType.AUTHENTICATION_ERROR, "invalid_api_key");
    }

    /// The name of a key that was typed in.
    ///
    /// @throws ApiException 401 for none
    String login(Context context, String key) {
        return keys.owner(key).orElseThrow(() -> unknown(context));
    }

    /// The cookie's value for a session.
    String session(String owner, long seconds) {
        return seal.seal(SESSION, owner, seconds);
    }

    /// An address that answers without a key for a time.
    String signed(String path, String variant, String owner, long seconds) {
        return path + "?variant=" + variant + "&" + SIGNATURE + "=" + seal.seal(path + "?" + variant, owner, seconds);
    }
}
