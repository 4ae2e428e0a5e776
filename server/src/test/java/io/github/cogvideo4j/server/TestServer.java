package io.github.cogvideo4j.server;

import io.github.cogvideo4j.server.internal.http.OpenApi;
import io.github.cogvideo4j.server.internal.request.StrictJson;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// A server with real models of a few megabytes, on a store of choice, and one client's way to speak to it. Every
/// answer is held against `openapi.yaml`.
record TestServer(CogVideoServer server) implements AutoCloseable {
    static final String KEY = "key-of-the-tests-0123456789";

    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    /// @param store    the URL of a database; a file when empty
    /// @param settings what differs from the usual, in pairs
    static TestServer start(Path data, Optional<String> store, String... settings) throws IOException {
        Map<String, List<String>> all = new HashMap<>(Map.of(
                "model",
                List.of("t2v=" + Resources.golden("pipelines/t2v-5b"), "i2v=" + Resources.golden("pipelines/i2v-5b")),
                "port",
                List.of("0"),
                "data-dir",
                List.of(data.toString()),
                "dtype",
                List.of("fp32"),
                "device",
                List.of("cpu"),
                "threads",
                List.of("2"),
                "keys",
                List.of("admin:" + KEY),
                "min-free",
                List.of("1M"),
                "jobs-per-minute",
                List.of("0")));
        store.ifPresent(url -> all.put("store", List.of(url)));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], List.of(settings[i + 1]));
        }
        return new TestServer(CogVideoServer.start(ServerSettings.read(all, Map.of(), Optional.empty())));
    }

    /// Where it listens, without a slash at the end.
    String url() {
        return server.address().toString().replaceFirst("/$", "");
    }

    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send(request(path, headers).GET().build());
    }

    HttpResponse<String> post(String path, String json, String... headers) throws IOException, InterruptedException {
        return send(request(path, headers)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json))
                .build());
    }

    HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url() + path)).header("Authorization", "Bearer " + KEY);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request.timeout(LONGEST);
    }

    private static HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> answer = CLIENT.send(request, BodyHandlers.ofString());
        OpenApi.SERVED.check(
                request.method(), request.uri().getPath(), answer.statusCode(), answer.headers(), answer.body());
        return answer;
    }

    /// What an answer says, which has to be a good one.
    static ObjectNode json(HttpResponse<String> answer) {
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
        return (ObjectNode) StrictJson.read(answer.body());
    }

    static String id(HttpResponse<String> answer) {
        return json(answer).get("id").stringValue();
    }

    /// Status and code of a refusal.
    static String code(HttpResponse<String> answer) {
        return answer.statusCode() + " "
                + StrictJson.read(answer.body()).path("error").path("code").asString("");
    }

    /// Waits until a video is over.
    ObjectNode over(String id) throws IOException, InterruptedException {
        long end = System.nanoTime() + LONGEST.toNanos();
        ObjectNode video = json(get("/v1/videos/" + id));
        while (!List.of("completed", "failed").contains(video.get("status").stringValue())) {
            if (System.nanoTime() > end) {
                throw new AssertionError("still not done: " + video);
            }
            Thread.sleep(50);
            video = json(get("/v1/videos/" + id));
        }
        return video;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
