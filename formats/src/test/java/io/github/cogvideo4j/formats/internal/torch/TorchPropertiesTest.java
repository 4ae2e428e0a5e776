package io.github.cogvideo4j.formats.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.io.TempDir;

class TorchPropertiesTest {
    private static final Shape[] SHAPES = {Shape.of(), Shape.of(0), Shape.of(3, 2), Shape.of(1, 4, 0), Shape.of(5)};

    private static final List<DType> TYPES = Arrays.stream(DType.values())
            .filter(type -> type.bits() % 8 == 0 && !type.torchName().isEmpty())
            .toList();

    private static List<TorchLayout.Tensor> tensors(Generator generator) {
        return generator.distinct(
                8,
                TorchLayout.Tensor::name,
                () -> new TorchLayout.Tensor(
                        name(generator), generator.of(TYPES), generator.of(SHAPES), generator.bool()));
    }

    private static String name(Generator generator) {
        return generator.bool()
                ? generator.text(12)
                : generator.of("", "\"", "'", "a\nb", "\0", "../x", "权重", "\ud83d\ude00", "n".repeat(300));
    }

    @Property(tries = 500)
    void whatIsWrittenIsReadBack(Generator generator, @TempDir Path folder) throws IOException {
        List<TorchLayout.Tensor> tensors = tensors(generator);
        Path file = Files.write(folder.resolve("model.bin"), write(tensors));
        Warnings warnings = new Warnings();
        Map<String, byte[]> read = new HashMap<>();
        List<TorchLayout.Tensor> described = new ArrayList<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (var entry : TorchFile.open(file, warnings)
                    .root()
                    .asDict()
                    .orElseThrow()
                    .textEntries()
                    .entrySet()) {
                TensorValue value = (TensorValue) entry.getValue();
                StoredTensor tensor = value.stored(entry.getKey());
                ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.byteLength()));
                reader.read(tensor, bytes::put);
                read.put(tensor.name(), bytes.array());
                described.add(
                        new TorchLayout.Tensor(tensor.name(), tensor.dtype(), tensor.shape(), value.requiresGrad()));
            }
            reader.verifyChecksums();
        }
        assertThat(warnings.all()).isEmpty();
        assertThat(described).isEqualTo(tensors);
        for (TorchLayout.Tensor tensor : tensors) {
            assertThat(read.get(tensor.name())).isEqualTo(contents(tensor));
        }
    }

    /// Bytes that no other tensor of the file is likely to have.
    private static byte[] contents(TorchLayout.Tensor tensor) {
        byte[] bytes = new byte[Math.toIntExact(tensor.byteLength())];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (31 * tensor.name().hashCode() + i);
        }
        return bytes;
    }

    private static byte[] write(List<TorchLayout.Tensor> tensors) {
        TorchLayout layout = TorchLayout.of("model.bin", tensors);
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(layout.fileSize()));
        Map<String, Long> checksums = new HashMap<>();
        for (TorchLayout.Slot slot : layout.slots()) {
            byte[] contents = contents(slot.tensor());
            bytes.put(Math.toIntExact(slot.offset()), contents);
            CRC32 crc = new CRC32();
            crc.update(contents);
            checksums.put(slot.tensor().name(), crc.getValue());
        }
        for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
            bytes.put(
                    Math.toIntExact(piece.offset()),
                    piece.bytes(),
                    piece.bytes().position(),
                    piece.bytes().remaining());
        }
        return bytes.array();
    }
}
