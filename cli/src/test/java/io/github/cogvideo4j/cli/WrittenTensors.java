package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Tensors of files and of references, each as dtype, shape and the SHA-256 of its bytes: an independent, trusting
/// reader.
final class WrittenTensors {
    private static final Map<String, String> DTYPES =
            Map.of("BF16", "bfloat16", "F16", "float16", "F32", "float32", "F8_E4M3", "float8_e4m3fn");

    private WrittenTensors() {}

    /// Every tensor of the `.safetensors` files in a folder, or of one file.
    static SortedMap<String, String> in(Path place) {
        SortedMap<String, String> tensors = new TreeMap<>();
        try (Stream<Path> files = Files.isDirectory(place) ? Files.list(place) : Stream.of(place)) {
            files.filter(file -> file.toString().endsWith(".safetensors"))
                    .forEach(file -> tensors.putAll(described(raw(file))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return tensors;
    }

    /// A tensor as it is stored.
    record Raw(String dtype, List<Long> shape, byte[] bytes) {
        /// The same with every bit 0.
        Raw zeroed() {
            return new Raw(dtype, shape, new byte[bytes.length]);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Raw(String type, List<Long> sizes, byte[] values)
                    && dtype.equals(type)
                    && shape.equals(sizes)
                    && Arrays.equals(bytes, values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            return describe(DTYPES.getOrDefault(dtype, dtype), shape, Resources.sha256(bytes));
        }
    }

    /// Every tensor of one file, in the order of its header.
    static Map<String, Raw> raw(Path file) {
        try {
            ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int header = Math.toIntExact(all.getLong(0));
            return JsonMapper.shared()
                    .readTree(new String(all.array(), Long.BYTES, header, StandardCharsets.UTF_8))
                    .propertyStream()
                    .filter(entry -> !entry.getKey().equals("__metadata__"))
                    .collect(Collectors.toMap(
                            Map.Entry::getKey,
                            entry -> raw(entry.getValue(), all.array(), Long.BYTES + header),
                            (one, _) -> one,
                            java.util.LinkedHashMap::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Raw raw(JsonNode tensor, byte[] file, int data) {
        JsonNode offsets = tensor.get("data_offsets");
        return new Raw(
                tensor.get("dtype").asString(),
                sizes(tensor),
                Arrays.copyOfRange(
                        file,
                        data + offsets.get(0).asInt(),
                        data + offsets.get(1).asInt()));
    }

    /// Tensors as [#in(Path)] tells them.
    static SortedMap<String, String> described(Map<String, Raw> tensors) {
        SortedMap<String, String> described = new TreeMap<>();
        tensors.forEach((name, tensor) -> described.put(name, tensor.toString()));
        return described;
    }

    /// What a reference's `tensors.json` lists.
    static SortedMap<String, String> listed(Path json) {
        SortedMap<String, String> tensors = new TreeMap<>();
        JsonMapper.shared().readTree(json.toFile()).properties().forEach(entry -> {
            JsonNode tensor = entry.getValue();
            tensors.put(
                    entry.getKey(),
                    describe(
                            tensor.get("dtype").asString(),
                            sizes(tensor),
                            tensor.get("sha256").asString()));
        });
        return tensors;
    }

    private static List<Long> sizes(JsonNode tensor) {
        return tensor.get("shape").valueStream().map(JsonNode::asLong).toList();
    }

    private static String describe(String dtype, List<Long> shape, String sha256) {
        return dtype + " " + shape + " " + sha256;
    }
}
