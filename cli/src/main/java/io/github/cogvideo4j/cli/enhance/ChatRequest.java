package io.github.cogvideo4j.cli.enhance;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// One question to a language model: one POST, no redirect followed, an answer of limited size in limited time. Nothing
/// that the endpoint answers is told, because it may repeat the key.
///
/// @param model    who is asked
/// @param patience how long the whole answer may take
record ChatRequest(LanguageModel model, Duration patience) {
    /// How long an answer may take; models that think aloud need a minute.
    static final Duration PATIENCE = Duration.ofMinutes(2);

    /// Bytes of an answer, of which a prompt needs a thousandth.
    static final int LARGEST_ANSWER = 1 << 20;

    private static final int OK = 200;
    private static final int REDIRECTS = 300;
    private static final int CLIENT_ERRORS = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int TOO_MANY = 429;

    /// Asks.
    ///
    /// @param instruction what the model is to do with the text
    /// @return what it says
    /// @throws MissingCapabilityException `endpoint` when there is no answer, or none that could be one
    String ask(String instruction, String text) {
        HttpRequest request = request(body(instruction, text));
        try (HttpClient client = HttpClient.newBuilder()
                .followRedirects(Redirect.NEVER)
                .connectTimeout(patience)
                .build()) {
            CompletableFuture<HttpResponse<byte[]>> answer =
                    client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), LARGEST_ANSWER));
            try {
                // The request's own timeout ends with the headers.
                HttpResponse<byte[]> response = answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
                check(response.statusCode());
                return content(response.body());
            } finally {
                answer.cancel(true);
                client.shutdownNow();
            }
        } catch (TimeoutException _) {
            throw failed("cli.enhance.timeout", model.host(), patience.toSeconds());
        } catch (ExecutionException e) {
            throw failed(Optional.ofNullable(e.getCause()).orElse(e));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw failed("cli.enhance.unreachable", model.host());
        }
    }

    private HttpRequest request(String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(model.address())
                .timeout(patience)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .POST(BodyPublishers.ofString(body));
        model.key().ifPresent(key -> request.header("Authorization", "Bearer " + key));
        return request.build();
    }

    private String body(String instruction, String text) {
        ObjectNode body = JsonFile.newObject();
        body.put("model", model.name());
        body.put("stream", false);
        ArrayNode messages = body.putArray("messages");
        messages.addObject().put("role", "system").put("content", instruction);
        messages.addObject().put("role", "user").put("content", text);
        return JsonFile.format(body);
    }

    private void check(int status) {
        if (status == UNAUTHORIZED || status == FORBIDDEN) {
            throw failed(
                    model.key().isPresent() ? "cli.enhance.refused-key" : "cli.enhance.needs-key",
                    model.host(),
                    LanguageModel.KEY,
                    status);
        }
        if (status == TOO_MANY) {
            throw failed("cli.enhance.too-many", model.host(), status);
        }
        if (status >= REDIRECTS && status < CLIENT_ERRORS) {
            throw failed("cli.enhance.redirect", model.host(), LanguageModel.URL, status);
        }
        if (status != OK) {
            throw failed("cli.enhance.status", model.host(), status, LanguageModel.URL, LanguageModel.MODEL);
        }
    }

    private String content(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            JsonNode content = JsonFile.parseObject(text, Place.nowhere(), ProblemCode.ENDPOINT)
                    .path("choices")
                    .path(0)
                    .path("message")
                    .path("content");
            if (content.isString()) {
                return content.stringValue();
            }
        } catch (CharacterCodingException | MalformedFileException _) {
            // told below
        }
        throw failed("cli.enhance.answer", model.host(), LanguageModel.URL);
    }

    private MissingCapabilityException failed(Throwable cause) {
        return switch (cause) {
            case HttpTimeoutException _ -> failed("cli.enhance.timeout", model.host(), patience.toSeconds());
            case ConnectException _ -> failed("cli.enhance.unreachable", model.host());
            case UnresolvedAddressException _ -> failed("cli.enhance.unreachable", model.host());
            case SSLException _ -> failed("cli.enhance.tls", model.host());
            default -> failed("cli.enhance.broken", model.host(), LARGEST_ANSWER);
        };
    }

    static MissingCapabilityException failed(String key, Object... arguments) {
        return new MissingCapabilityException(ProblemCode.ENDPOINT, Place.nowhere(), key, arguments);
    }
}
