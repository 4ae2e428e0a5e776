package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A client of one server, over connections that are kept.
final class VideoClient {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String BOUNDARY = "cogvideo-boundary-of-parts";
    private static final int MOST_LISTED = 100;
    private static final int OK = 200;

    /// One for all: its threads are few, and it knows the connections of each address.
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final URI address;

    VideoClient(int port) {
        this.address = URI.create("http://127.0.0.1:" + port);
    }

    /// An answer.
    ///
    /// @param status its code
    /// @param json   its body, empty where that is no object
    record Answer(int status, ObjectNode json) {
        boolean isOk() {
            return status == OK;
        }

        /// The code of an error, or nothing.
        String code() {
            return json.path("error").path("code").asString("");
        }
    }

    /// How fields are sent.
    enum BodyForm {
        JSON,
        MULTIPART
    }

    boolean isReady() throws InterruptedException {
        return readiness().map(Answer::isOk).orElse(false);
    }

    /// What it says of its readiness; nothing while it does not listen.
    Optional<Answer> readiness() throws InterruptedException {
        try {
            return Optional.of(get("/readyz"));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// Sends fields to a path.
    ///
    /// @param idempotencyKey the same for the same wish
    Answer post(String path, BodyForm form, Map<String, String> fields, Optional<String> idempotencyKey)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = switch (form) {
            case JSON -> {
                ObjectNode body = JsonFile.newObject();
                fields.forEach(body::put);
                yield request(path)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.toString()));
            }
            case MULTIPART ->
                multipart(
                        path,
                        BodyPublishers.ofByteArray(
                                (texts(fields) + "--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8)));
        };
        idempotencyKey.ifPresent(key -> request.header("Idempotency-Key", key));
        return send(request);
    }

    /// Sends fields and a file, which is read as it is sent.
    Answer upload(String path, Map<String, String> fields, Path file, Optional<String> idempotencyKey)
            throws IOException, InterruptedException {
        String head = texts(fields) + "--" + BOUNDARY
                + "\r\nContent-Disposition: form-data; name=\"video\"; filename=\"video.mp4\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n";
        HttpRequest.Builder request = multipart(
                path,
                BodyPublishers.concat(
                        BodyPublishers.ofString(head),
                        BodyPublishers.ofFile(file),
                        BodyPublishers.ofString("\r\n--" + BOUNDARY + "--\r\n")));
        idempotencyKey.ifPresent(key -> request.header("Idempotency-Key", key));
        return send(request);
    }

    private HttpRequest.Builder multipart(String path, BodyPublisher body) {
        return request(path)
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .POST(body);
    }

    private static String texts(Map<String, String> fields) {
        StringBuilder text = new StringBuilder();
        fields.forEach((name, value) -> text.append("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"")
                .append(name)
                .append("\"\r\n\r\n")
                .append(value)
                .append("\r\n"));
        return text.toString();
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    Answer video(String id) throws IOException, InterruptedException {
        return get("/v1/videos/" + id);
    }

    Answer cancel(String id) throws IOException, InterruptedException {
        return send(request("/v1/videos/" + id + "/cancel").POST(BodyPublishers.noBody()));
    }

    Answer delete(String id) throws IOException, InterruptedException {
        return send(request("/v1/videos/" + id).DELETE());
    }

    /// The bytes behind a path.
    byte[] bytes(String path) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = HTTP.send(request(path).GET().build(), BodyHandlers.ofByteArray());
        if (response.statusCode() != OK) {
            throw new IllegalStateException(path + " is answered by " + response.statusCode());
        }
        return response.body();
    }

    /// The server's figures at one moment, by their names and labels.
    Map<String, Double> metrics() throws IOException, InterruptedException {
        return new String(bytes("/metrics"), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(" (?=[^ ]+$)", 2))
                .collect(Collectors.toMap(line -> line[0], line -> Double.parseDouble(line[1])));
    }

    /// All videos, page by page.
    List<JsonNode> all() throws IOException, InterruptedException {
        List<JsonNode> all = new ArrayList<>();
        String after = "";
        while (true) {
            Answer page = get("/v1/videos?order=asc&limit=" + MOST_LISTED + after);
            page.json().path("data").forEach(all::add);
            if (!page.json().path("has_more").asBoolean()) {
                return all;
            }
            after = "&after=" + page.json().path("last_id").asString();
        }
    }

    /// The lines of a stream of events, until it is closed.
    Stream<String> events() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address.resolve("/v1/videos/events"))
                .header("Accept", "text/event-stream")
                .build();
        HttpResponse<Stream<String>> response = HTTP.send(request, BodyHandlers.ofLines());
        if (response.statusCode() != OK) {
            throw new IllegalStateException("events are answered by " + response.statusCode());
        }
        return response.body();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(address.resolve(path)).timeout(PATIENCE);
    }

    private static Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
        String text = response.body();
        ObjectNode json = text.startsWith("{")
                ? JsonFile.parseObject(text, Place.nowhere(), ProblemCode.REQUEST)
                : JsonFile.newObject();
        Answer answer = new Answer(response.statusCode(), json);
        if (answer.code().equals("store_unavailable")) {
            throw new IOException("not answered: " + answer);
        }
        return answer;
    }
}
