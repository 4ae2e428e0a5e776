package io.github.cogvideo4j.checkpoints;

import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// An independent, trusting reader of the small reference files.
public final class TinySafetensors {
    private static final ObjectMapper JSON = new ObjectMapper();

    private TinySafetensors() {}

    public record Tensor(DType dtype, Shape shape, ByteBuffer bytes) {}

    public static Map<String, Tensor> read(Path file) {
        try {
            ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int header = Math.toIntExact(all.getLong(0));
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (var entry : JSON.readTree(new String(all.array(), 8, header, java.nio.charset.StandardCharsets.UTF_8))
                    .properties()) {
                if (!entry.getKey().equals("__metadata__")) {
                    JsonNode value = entry.getValue();
                    int begin = value.get("data_offsets").get(0).asInt();
                    int end = value.get("data_offsets").get(1).asInt();
                    tensors.put(
                            entry.getKey(),
                            new Tensor(
                                    DType.bySafetensorsName(value.get("dtype").asString())
                                            .orElseThrow(),
                                    shape(value.get("shape")),
                                    all.slice(8 + header + begin, end - begin).order(ByteOrder.LITTLE_ENDIAN)));
                }
            }
            return tensors;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Names and shapes of all `.safetensors` files in a folder.
    public static List<NamedShape> shapesIn(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".safetensors"))
                    .flatMap(file -> shapesOf(file).stream())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static List<NamedShape> shapesOf(Path file) {
        return read(file).entrySet().stream()
                .map(entry -> new NamedShape(entry.getKey(), entry.getValue().shape()))
                .toList();
    }

    public static Shape shape(JsonNode sizes) {
        return new Shape(sizes.valueStream().map(JsonNode::asLong).toList());
    }
}
