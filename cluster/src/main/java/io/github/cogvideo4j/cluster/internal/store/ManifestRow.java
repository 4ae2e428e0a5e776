package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.node.ObjectNode;

/// A row of the manifest: what became of one row of the batch. Writing it is the commit; a file without such a row is
/// nobody's.
///
/// @param key       the SHA-256 of what was asked for
/// @param id        the user's name
/// @param row       the line in the file of rows
/// @param completed whether it was made
/// @param errorCode the code of the problem, where it was not
/// @param message   the problem in English
/// @param file      the result, relative to the folder
/// @param bytes     its size
/// @param sha256    its hash
/// @param seed      the seed, of a video
/// @param settings  what the row says beside the batch's defaults
/// @param seconds   how long it took
/// @param device    on which device
/// @param host      on which machine
/// @param attempt   which try it was, counted from 1
public record ManifestRow(
        String key,
        String id,
        long row,
        boolean completed,
        Optional<String> errorCode,
        Optional<String> message,
        Optional<String> file,
        long bytes,
        Optional<String> sha256,
        OptionalLong seed,
        ObjectNode settings,
        double seconds,
        String device,
        String host,
        int attempt) {
    /// `completed` or `failed`.
    public String status() {
        return completed ? "completed" : "failed";
    }

    /// The row for another of the user's names for the same thing.
    public ManifestRow named(String otherId, long otherRow) {
        return new ManifestRow(
                key, otherId, otherRow, completed, errorCode, message, file, bytes, sha256, seed, settings, seconds,
                device, host, attempt);
    }

    /// The row of a result that is not what it was.
    public ManifestRow spoiled(String code, String text) {
        return new ManifestRow(
                key,
                id,
                row,
                false,
                Optional.of(code),
                Optional.of(text),
                Optional.empty(),
                0,
                Optional.empty(),
                seed,
                settings,
                seconds,
                device,
                host,
                attempt);
    }

    /// The row as one line of JSON, with its end.
    public String line() {
        ObjectNode json = JsonFile.newObject();
        json.put("key", key);
        json.put("id", id);
        json.put("row", row);
        json.put("status", status());
        json.put("error_code", errorCode.orElse(null));
        message.ifPresent(text -> json.put("message", text));
        json.put("file", file.orElse(null));
        json.put("bytes", bytes);
        json.put("sha256", sha256.orElse(null));
        if (seed.isPresent()) {
            json.put("seed", seed.getAsLong());
        } else {
            json.putNull("seed");
        }
        json.set("settings", settings);
        json.put("seconds", Math.round(seconds * 1000) / 1000.0);
        json.put("device", device);
        json.put("host", host);
        json.put("attempt", attempt);
        return json + "\n";
    }

    /// Reads a line, which is not trusted.
    ///
    /// @throws MalformedFileException `manifest` when it is no such row
    public static ManifestRow read(String line, Place place) {
        ObjectNode json = JsonFile.parseObject(line, place, ProblemCode.MANIFEST);
        String key = json.path("key").asString("");
        String status = json.path("status").asString("");
        Optional<String> file = text(json, "file");
        if (!key.matches("[0-9a-f]{64}")
                || !(status.equals("completed") || status.equals("failed"))
                || file.filter(name -> !isPlain(name)).isPresent()) {
            throw new MalformedFileException(ProblemCode.MANIFEST, place, "cluster.manifest.row");
        }
        return new ManifestRow(
                key,
                json.path("id").asString(""),
                json.path("row").asLong(0),
                status.equals("completed"),
                text(json, "error_code"),
                text(json, "message"),
                file,
                json.path("bytes").asLong(0),
                text(json, "sha256"),
                json.path("seed").isIntegralNumber()
                        ? OptionalLong.of(json.path("seed").asLong(0))
                        : OptionalLong.empty(),
                json.path("settings") instanceof ObjectNode object ? object : JsonFile.newObject(),
                json.path("seconds").asDouble(0),
                json.path("device").asString(""),
                json.path("host").asString(""),
                json.path("attempt").asInt(1));
    }

    /// Whether a name leads to a file inside the folder of results, and nowhere else.
    private static boolean isPlain(String name) {
        return name.matches("(videos|reports)/[^/\\\\\\x00]{1,250}") && !name.contains("/.");
    }

    private static Optional<String> text(ObjectNode json, String name) {
        return json.path(name).isString() ? Optional.of(json.path(name).stringValue()) : Optional.empty();
    }
}
