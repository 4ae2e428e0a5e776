package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.internal.torch.ArchiveLayout;
import io.github.cogvideo4j.formats.internal.torch.TorchLayout;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/// The writer of tensors in memory to a file: frames, latents. A name that ends in `.pt` or `.pth` makes it a file of
/// `torch.save`, any other a safetensors file.
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

    /// Whether a name means a file of `torch.save`.
    public static boolean isTorch(Path file) {
        return hasEnding(file, ".pt", ".pth");
    }

    /// Checks, before anything long begins, that tensors can be written there.
    ///
    /// @param overwrite whether an earlier result may be replaced
    /// @throws InvalidRequestException `request` when the name ends in none of the known ways
    /// @throws io.github.cogvideo4j.checkpoints.OutputException `output-refused` when something else is there
    public static void check(Path file, boolean overwrite) throws IOException {
        if (!isTorch(file) && !hasEnding(file, ".safetensors")) {
            throw new InvalidRequestException(ProblemCode.REQUEST, Place.of(file), "inference.tensors.ending");
        }
        OutputFile.check(file, overwrite);
    }

    /// Writes tensors under their names.
    ///
    /// @param overwrite whether a file that is there is replaced, in one step
    /// @param metadata  the `__metadata__` of a safetensors file
    public static void write(Path file, boolean overwrite, List<Entry> tensors, Map<String, String> metadata)
            throws IOException {
        if (isTorch(file)) {
            List<TorchLayout.Tensor> all =
                    tensors.stream().map(TensorFile::torchTensor).toList();
            writeTorch(file, overwrite, TorchLayout.of(name(file), all), tensors);
        } else {
            writeSafetensors(file, overwrite, tensors, metadata);
        }
    }

    /// Writes one tensor. In a file of `torch.save` it stands by
    /// itself, without a dictionary and a name.
    public static void write(Path file, boolean overwrite, Entry tensor) throws IOException {
        if (isTorch(file)) {
            writeTorch(file, overwrite, TorchLayout.ofTensor(name(file), torchTensor(tensor)), List.of(tensor));
        } else {
            writeSafetensors(file, overwrite, List.of(tensor), Map.of());
        }
    }

    private static void writeSafetensors(
            Path file, boolean overwrite, List<Entry> tensors, Map<String, String> metadata) throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(
                tensors.stream()
                        .map(tensor -> new TensorSpec(tensor.name(), tensor.dtype(), tensor.shape()))
                        .toList(),
                metadata);
        Map<String, MemorySegment> bytes = bytes(tensors);
        create(file, overwrite, channel -> {
            write(channel, layout.head());
            for (SafetensorsLayout.Slot slot : layout.slots()) {
                write(channel, bytes.getOrDefault(slot.tensor().name(), MemorySegment.NULL));
            }
        });
    }

    private static void writeTorch(Path file, boolean overwrite, TorchLayout layout, List<Entry> tensors)
            throws IOException {
        Map<String, MemorySegment> bytes = bytes(tensors);
        Map<String, Long> checksums = new HashMap<>();
        tensors.forEach(tensor -> checksums.put(tensor.name(), crc32(tensor.bytes())));
        create(file, overwrite, channel -> {
            for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
                channel.position(piece.offset());
                write(channel, piece.bytes());
            }
            for (TorchLayout.Slot slot : layout.slots()) {
                channel.position(slot.offset());
                write(channel, bytes.getOrDefault(slot.tensor().name(), MemorySegment.NULL));
            }
        });
    }

    private static Map<String, MemorySegment> bytes(List<Entry> tensors) {
        return tensors.stream().collect(Collectors.toMap(Entry::name, Entry::bytes));
    }

    private static TorchLayout.Tensor torchTensor(Entry tensor) {
        return new TorchLayout.Tensor(tensor.name(), tensor.dtype(), tensor.shape(), false);
    }

    /// A writer of a file's contents into an open channel.
    @FunctionalInterface
    private interface NamedTensors {
        void write(FileChannel channel) throws IOException;
    }

    private static void create(Path file, boolean overwrite, NamedTensors contents) throws IOException {
        OutputFile.write(file, overwrite, unfinished -> {
            try (FileChannel channel =
                    FileChannel.open(unfinished, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                contents.write(channel);
            }
        });
    }

    private static long crc32(MemorySegment bytes) {
        CRC32 crc = new CRC32();
        for (long done = 0; done < bytes.byteSize(); done += PIECE) {
            crc.update(piece(bytes, done));
        }
        return crc.getValue();
    }

    private static void write(FileChannel channel, MemorySegment bytes) throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += PIECE) {
            write(channel, piece(bytes, done));
        }
    }

    private static ByteBuffer piece(MemorySegment bytes, long start) {
        return bytes.asSlice(start, Math.min(PIECE, bytes.byteSize() - start)).asByteBuffer();
    }

    private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static boolean hasEnding(Path file, String... endings) {
        String name = name(file).toLowerCase(Locale.ROOT);
        for (String ending : endings) {
            if (name.length() > ending.length() && name.endsWith(ending)) {
                return true;
            }
        }
        return false;
    }

    private static String name(Path file) {
        Path last = file.getFileName();
        return last == null ? "" : last.toString();
    }
}
