package io.github.cogvideo4j.formats.internal.safetensors;

import static java.util.Objects.requireNonNull;

import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/// A writer of safetensors files, front to back: enough for small files; large ones are written in parallel from a
/// [SafetensorsLayout].
public final class SafetensorsWriter {
    private SafetensorsWriter() {}

    /// Writes tensors with the dtype that they have.
    ///
    /// @param target   the new file; it must not exist
    /// @param tensors  the tensors, in any order
    /// @param metadata the `__metadata__`; a model's file has `format: pt`
    /// @param reader   reads the tensors' bytes
    /// @throws io.github.cogvideo4j.formats.FormatException as [SafetensorsLayout#of]
    /// @throws IOException when the disk fails or the target exists
    public static void write(
            Path target, Collection<StoredTensor> tensors, Map<String, String> metadata, StorageReader reader)
            throws IOException {
        SafetensorsLayout layout =
                SafetensorsLayout.of(tensors.stream().map(TensorSpec::of).toList(), metadata);
        Map<String, StoredTensor> byName = new LinkedHashMap<>();
        tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            writeFully(channel, layout.head());
            for (SafetensorsLayout.Slot slot : layout.slots()) {
                StoredTensor tensor = requireNonNull(byName.get(slot.tensor().name()));
                reader.read(tensor, bytes -> writeFully(channel, bytes));
                if (channel.position() != slot.offset() + slot.length()) {
                    throw new IOException("%s: expected %d bytes, got %d"
                            .formatted(tensor.name(), slot.length(), channel.position() - slot.offset()));
                }
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
