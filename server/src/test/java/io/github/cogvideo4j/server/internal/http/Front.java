package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.server.internal.request.StrictJson;
import io.github.cogvideo4j.server.internal.security.ApiKeys;
import io.github.cogvideo4j.server.internal.security.Origins;
import io.github.cogvideo4j.server.internal.security.Seal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/// A front that listens, and ways to speak to it.
final class Front implements AutoCloseable {
    /// Two keys of two people.
    static final String KEYS =
            "alice:alice-secret-0123456789\nbob:bob-secret-0123456789xx\nadmin:admin-secret-0123456789";

    static final String ALICE = "alice-secret-0123456789";
    static final String BOB = "bob-secret-0123456789xx";
    static final String ADMIN = "admin-secret-0123456789";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    final MemoryJobs jobs;
    final int port;
    private final HttpFront front;

    private Front(MemoryJobs jobs, HttpFront front) {
        this.jobs = jobs;
        this.front = front;
        this.port = front.start();
    }

    /// Without keys, and without limits on rates.
    static Front open(Path folder) throws IOException {
        return of(folder, ApiKeys.none(), 0, List.of());
    }

    /// With the two keys.
    static Front withKeys(Path folder) throws IOException {
        return of(folder, ApiKeys.parse(KEYS, Path.of("keys")), 0, List.of());
    }

    static Front of(Path folder, ApiKeys keys, int perMinute, List<String> origins) throws IOException {
        return of(folder, keys, perMinute, origins, Duration.ofSeconds(30));
    }

    static Front of(Path folder, ApiKeys keys, int perMinute, List<String> origins, Duration idle) throws IOException {
        MemoryJobs jobs = new MemoryJobs(folder);
        HttpFront.Options options = new HttpFront.Options(
                "127.0.0.1",
                0,
                keys,
                new Origins(origins, true),
                perMinute,
                perMinute,
                Duration.ofSeconds(20),
                idle,
                1_024,
                200);
        return new Front(jobs, new HttpFront(options, jobs, Seal.of(folder, keys), new Metrics(), Set.of(), List.of()));
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(60));
    }

    static HttpResponse<String> send(HttpRequest request) throws IOException {
        try {
            HttpResponse<String> answer = CLIENT.send(request, BodyHandlers.ofString());
            OpenApi.SERVED.check(
                    request.method(), request.uri().getPath(), answer.statusCode(), answer.headers(), answer.body());
            return answer;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    static HttpResponse<byte[]> bytes(HttpRequest request) throws IOException {
        try {
            return CLIENT.send(request, BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    HttpResponse<String> get(String path, String... headers) throws IOException {
        HttpRequest.Builder request = request(path).GET();
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    HttpResponse<String> post(String path, String json, String... headers) throws IOException {
        HttpRequest.Builder request =
                request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(json));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    HttpResponse<String> delete(String path, String... headers) throws IOException {
        HttpRequest.Builder request = request(path).DELETE();
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    /// Posts a form: each part is `{name, text}`, or `{name, bytes, fileName}`.
    HttpResponse<String> form(String path, List<Object[]> parts, String... headers) throws IOException {
        HttpRequest.Builder request = request(path)
                .header("Content-Type", "multipart/form-data; boundary=XBOUNDX")
                .POST(BodyPublishers.ofByteArray(body(parts)));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    static byte[] body(List<Object[]> parts) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Object[] part : parts) {
            String file = part.length > 2 ? "; filename=\"" + part[2] + "\"" : "";
            out.write(("--XBOUNDX\r\nContent-Disposition: form-data; name=\"" + part[0] + "\"" + file + "\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            out.write(
                    part[1] instanceof byte[] bytes ? bytes : part[1].toString().getBytes(StandardCharsets.UTF_8));
            out.write("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        out.write("--XBOUNDX--\r\n".getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    /// Sends bytes as they are, and reads what comes until the server closes.
    String raw(String text) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// A new video's id.
    String create(String... headers) throws IOException {
        return id(post("/v1/videos", "{\"prompt\":\"a panda\"}", headers));
    }

    static ObjectNode json(HttpResponse<String> answer) {
        return (ObjectNode) StrictJson.read(answer.body());
    }

    static String id(HttpResponse<String> answer) {
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
        return json(answer).get("id").stringValue();
    }

    static String code(HttpResponse<String> answer) {
        return answer.statusCode() + " " + json(answer).get("error").get("code").stringValue();
    }

    static String parameter(HttpResponse<String> answer) {
        return json(answer).get("error").get("param").asString("");
    }

    @Override
    public void close() {
        front.close();
    }
}
