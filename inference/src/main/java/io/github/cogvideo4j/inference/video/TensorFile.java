package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.formats.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes tensors that lie in memory to a safetensors file: frames, latents.
public final class TensorFile {
    private static final long PIECE = 64L << 20;

    private TensorFile() {}

    /// A tensor in memory.
    ///
    /// @param name  its name in the file
    /// @param dtype its type
    /// @param shape its sizes
    /// @param bytes its elements, row-major, little-endian
    public record Entry(String name, DType dtype, Shape shape, MemorySegment bytes) {}

    /// Writes a file; one that is there is replaced in one step.
    ///
    /// @param metadata the file's `__metadata__`
    public static void write(Path file, List<Entry> tensors, Map<String, String> metadata) throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(
                tensors.stream()
                        .map(tensor -> new TensorSpec(tensor.name(), tensor.dtype(), tensor.shape()))
                        .toList(),
                metadata);
        Map<String, MemorySegment> bytes = new LinkedHashMap<>();
        tensors.forEach(tensor -> bytes.put(tensor.name(), tensor.bytes()));
        OutputFile.write(file, unfinished -> {
            try (FileChannel channel =
                    FileChannel.open(unfinished, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                write(channel, layout.head());
                for (SafetensorsLayout.Slot slot : layout.slots()) {
                    write(channel, bytes.getOrDefault(slot.tensor().name(), MemorySegment.NULL));
                }
            }
        });
    }

    private static void write(FileChannel channel, MemorySegment bytes) throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += PIECE) {
            write(
                    channel,
                    bytes.asSlice(done, Math.min(PIECE, bytes.byteSize() - done))
                            .asByteBuffer());
        }
    }

    private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
