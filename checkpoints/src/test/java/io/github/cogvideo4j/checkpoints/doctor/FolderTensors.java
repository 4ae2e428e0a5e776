package io.github.cogvideo4j.checkpoints.doctor;

import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Tensors as `dtype shape sha256`, by name.
final class FolderTensors {
    private FolderTensors() {}

    static Map<String, String> of(Path folder) throws IOException {
        Map<String, String> tensors = new TreeMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (StateEntry entry :
                    Checkpoints.open(folder, SourceOptions.defaults()).entries()) {
                MessageDigest digest = Digests.sha256();
                reader.read(entry.tensor(), digest::update);
                tensors.put(
                        entry.name(),
                        entry.tensor().dtype().torchName() + " "
                                + entry.tensor().shape() + " " + HexFormat.of().formatHex(digest.digest()));
            }
        }
        return tensors;
    }

    static Map<String, String> ofReference(Path json) {
        Map<String, String> tensors = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry :
                new ObjectMapper().readTree(json.toFile()).properties()) {
            JsonNode value = entry.getValue();
            tensors.put(
                    entry.getKey(),
                    value.get("dtype").stringValue() + " "
                            + new Shape(value.get("shape")
                                    .valueStream()
                                    .map(JsonNode::asLong)
                                    .toList())
                            + " " + value.get("sha256").stringValue());
        }
        return tensors;
    }
}
