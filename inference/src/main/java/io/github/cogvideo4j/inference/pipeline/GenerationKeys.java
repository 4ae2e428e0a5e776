package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.video.VideoFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The keys of generations: a SHA-256 over everything that shapes the pixels, so that two requests with the same key
/// make the same video on the same type of device. Paths count by what lies there, places of results and the device
/// do not count.
///
/// What a path holds is read once and remembered, so an instance serves the requests of one batch and is not for a
/// program that runs for weeks.
public final class GenerationKeys {
    /// Counts up with each release whose numbers differ from those of the one before.
    private static final int NUMERIC_EPOCH = 1;

    private static final int COMPONENT_DEPTH = 2;
    private static final String NAMES = ".*\\.(safetensors|bin|pt|pth|json|model|txt)";
    private static final long WHOLE = 16L << 20;
    private static final int SAMPLE = 1 << 16;
    private static final int SAMPLES = 128;
    private static final List<String> ELSEWHERE = List.of("job", "version", "outputs", "device");

    private final Map<Path, String> known = new HashMap<>();

    /// The key of a request, in hexadecimal.
    ///
    /// @throws IOException when the model, an adapter or an input cannot be read
    public synchronized String key(GenerationRequest request) throws IOException {
        ObjectNode json = RequestJson.write(request);
        ELSEWHERE.forEach(json::remove);
        replace(json, "model");
        replace(json, "transformer");
        for (JsonNode lora : json.path("loras")) {
            replace((ObjectNode) lora, "path");
        }
        for (JsonNode prompt : json.path("prompts")) {
            for (String file : List.of("input", "last_image", "mask")) {
                replace((ObjectNode) prompt, file);
            }
        }
        json.put("epoch", NUMERIC_EPOCH);
        MessageDigest digest = digest();
        digest.update(sorted(json).toString().getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest());
    }

    /// What a path holds, as a SHA-256 in hexadecimal. Of a folder the names and contents of weights, configurations
    /// and vocabularies count, or of the frames where it holds nothing else; of files above 16 MiB the size and 128
    /// samples of 64 KiB, which training changes in each.
    ///
    /// @throws IOException when it cannot be read
    public synchronized String identity(Path path) throws IOException {
        Path absolute = path.toAbsolutePath().normalize();
        String identity = known.get(absolute);
        if (identity == null) {
            identity = read(absolute);
            known.put(absolute, identity);
        }
        return identity;
    }

    private void replace(ObjectNode json, String field) throws IOException {
        JsonNode path = json.get(field);
        if (path != null) {
            json.put(field, identity(Path.of(path.stringValue())));
        }
    }

    /// The order of a form's fields is no part of the key.
    private static JsonNode sorted(JsonNode node) {
        if (node instanceof ObjectNode object) {
            Map<String, JsonNode> fields = new TreeMap<>();
            object.propertyNames().forEach(name -> fields.put(name, sorted(object.get(name))));
            ObjectNode result = JsonFile.newObject();
            fields.forEach(result::set);
            return result;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode result = array.arrayNode();
            array.forEach(element -> result.add(sorted(element)));
            return result;
        }
        return node;
    }

    private static String read(Path path) throws IOException {
        MessageDigest digest = digest();
        for (Path file : files(path)) {
            String name =
                    path.equals(file) ? "" : path.relativize(file).toString().replace('\\', '/');
            digest.update((name + "\n" + Files.size(file) + "\n").getBytes(StandardCharsets.UTF_8));
            add(digest, file);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static List<Path> files(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of(path);
        }
        try (Stream<Path> all = Files.walk(path, COMPONENT_DEPTH)) {
            List<Path> files = all.filter(file -> file.toString().matches(NAMES))
                    .filter(file -> !file.endsWith(Manifest.FILE_NAME))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
            return files.isEmpty() ? VideoFile.files(path) : files;
        }
    }

    private static void add(MessageDigest digest, Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(SAMPLE);
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            long count = size <= WHOLE ? (size + SAMPLE - 1) / SAMPLE : SAMPLES;
            for (long i = 0; i < count; i++) {
                long offset = size <= WHOLE ? i * SAMPLE : i * (size - SAMPLE) / (SAMPLES - 1);
                buffer.clear();
                long position = offset;
                while (buffer.hasRemaining()) {
                    int read = channel.read(buffer, position);
                    if (read < 0) {
                        break;
                    }
                    position += read;
                }
                digest.update(buffer.flip());
            }
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
