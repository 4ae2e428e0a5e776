package io.github.cogvideo4j.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Safetensors files put together from others, as a trainer writes that saves several models at once.
final class WeightsOf {
    private WeightsOf() {}

    /// Writes one file that holds the tensors of several.
    ///
    /// @param target the file
    /// @param models the files by what is to stand before their names
    static Path several(Path target, Map<String, Path> models) throws IOException {
        ObjectNode header = JsonMapper.shared().createObjectNode();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (Map.Entry<String, Path> model : models.entrySet()) {
            ByteBuffer file =
                    ByteBuffer.wrap(Files.readAllBytes(model.getValue())).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(file.getLong(0));
            int start = data.size();
            JsonNode names = JsonMapper.shared().readTree(new String(file.array(), 8, length, StandardCharsets.UTF_8));
            for (Map.Entry<String, JsonNode> tensor : names.properties()) {
                if (!tensor.getKey().equals("__metadata__")) {
                    ObjectNode moved = header.putObject(model.getKey() + tensor.getKey());
                    moved.set("dtype", tensor.getValue().get("dtype"));
                    moved.set("shape", tensor.getValue().get("shape"));
                    JsonNode offsets = tensor.getValue().get("data_offsets");
                    moved.putArray("data_offsets")
                            .add(start + offsets.get(0).asLong())
                            .add(start + offsets.get(1).asLong());
                }
            }
            data.write(file.array(), 8 + length, file.capacity() - 8 - length);
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .array());
        all.write(text);
        data.writeTo(all);
        return Files.write(target, all.toByteArray());
    }
}
