package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.testing.Generator;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Bodies of requests, well formed and not, and whether one of them brings the server down: an answer of 500 and more,
/// or a file that is left. As a program it tries as many as it is told, from a seed on.
final class BodyFuzz {
    private static final List<String> NAMES = List.of(
            "prompt",
            "model",
            "seconds",
            "size",
            "input_reference",
            "width",
            "height",
            "num_frames",
            "fps",
            "num_inference_steps",
            "guidance_scale",
            "seed",
            "negative_prompt",
            "lora",
            "extra_params",
            "extra_body",
            "scheduler",
            "cache",
            "control_video",
            "video",
            "last_image",
            "mask",
            "strength",
            "kind",
            "n",
            "user",
            "input_reference[image_url]",
            "video[id]",
            "lora[name]",
            "lora[][name]",
            "extra_params[a][]",
            "x",
            "");
    private static final List<String> PATHS = List.of(
            "/v1/videos",
            "/v1/videos/edits",
            "/v1/videos/extensions",
            "/v1/videos/estimate",
            "/v1/videos/x/remix",
            "/v1/videos/x/move",
            "/v1/session");

    private BodyFuzz() {}

    /// @param arguments how many, and the first seed
    public static void main(String[] arguments) throws IOException {
        long count = Long.parseLong(arguments[0]);
        long first = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
        Path folder = Files.createTempDirectory("body-fuzz");
        try (Front front = Front.open(folder)) {
            for (long seed = first; seed < first + count; seed++) {
                attempt(front, new Generator(seed));
                if (seed % 10_000 == 0) {
                    System.out.println(seed);
                }
            }
        }
        System.out.println("no 5xx in " + count);
    }

    /// Sends one body.
    ///
    /// @throws AssertionError when the server made a mistake
    static void attempt(Front front, Generator random) throws IOException {
        String path = random.of(PATHS);
        boolean form = random.bool();
        byte[] body = form ? form(random) : json(random, 0).getBytes(StandardCharsets.UTF_8);
        if (random.integer(0, 3) == 0) {
            damage(body, random);
        }
        String type = random.integer(0, 20) == 0
                ? random.of(
                        "", "text/plain", "multipart/form-data", "application/json;charset=utf-16", "a/b;boundary=\"")
                : form ? "multipart/form-data; boundary=XBOUNDX" : "application/json";
        HttpRequest.Builder request = front.request(path).POST(BodyPublishers.ofByteArray(body));
        if (!type.isEmpty()) {
            request.header("Content-Type", type);
        }
        HttpResponse<String> answer = Front.send(request.build());
        if (answer.statusCode() >= 500) {
            throw new AssertionError("seed " + random + ": " + answer.statusCode() + " " + answer.body());
        }
        front.jobs.all().forEach(job -> front.jobs.delete(job.owner(), job.id()));
    }

    private static byte[] form(Generator random) throws IOException {
        List<Object[]> parts = new ArrayList<>();
        if (random.integer(0, 4) > 0) {
            parts.add(new Object[] {"prompt", "a panda"});
        }
        int count = random.integer(0, 6);
        for (int i = 0; i < count; i++) {
            Object content = random.integer(0, 3) == 0 ? random.bytes(0, 200) : value(random, 1);
            parts.add(
                    random.integer(0, 4) == 0
                            ? new Object[] {
                                random.of(NAMES), content, random.text(10).replaceAll("[\"\r\n]", "")
                            }
                            : new Object[] {random.of(NAMES), content});
        }
        return Front.body(parts);
    }

    private static String json(Generator random, int depth) {
        StringBuilder text = new StringBuilder("{");
        if (random.integer(0, 4) > 0) {
            text.append("\"prompt\":\"a panda\"");
        }
        int count = random.integer(0, 5);
        for (int i = 0; i < count; i++) {
            text.append(text.length() > 1 ? "," : "")
                    .append(quoted(random.of(NAMES)))
                    .append(':')
                    .append(value(random, depth));
        }
        return text.append('}').toString();
    }

    private static String value(Generator random, int depth) {
        return switch (random.integer(0, depth > 3 ? 6 : 9)) {
            case 0 -> Long.toString(random.longBits());
            case 1 -> Double.toString(random.real(-1e6, 1e6));
            case 2 -> random.of("true", "false", "null");
            case 3 -> quoted(random.text(30));
            case 4 -> quoted(random.of("96x64", "720x1280", "4", "1", "tiny", "style", "DDIM", "mag", "i2v", "0x0"));
            case 5 ->
                quoted(random.of("data:image/png;base64,iVBORw0KGgo=", "http://127.0.0.1/", "data:,", "file:///x"));
            case 6 -> Integer.toString(random.integer(0, 100));
            case 7 -> "[" + value(random, depth + 1) + "," + value(random, depth + 1) + "]";
            case 8 ->
                "{\"" + random.of("image_url", "id", "name", "path", "scale", "file_id", "seed") + "\":"
                        + value(random, depth + 1) + "}";
            default -> json(random, depth + 1);
        };
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c < 0x20 || c == '"' || c == '\\') {
                quoted.append("\\u%04x".formatted(c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }

    private static void damage(byte[] body, Generator random) {
        int changes = random.integer(1, 4);
        for (int i = 0; i < changes && body.length > 0; i++) {
            body[random.integer(0, body.length - 1)] = (byte) random.integer(0, 255);
        }
    }
}
