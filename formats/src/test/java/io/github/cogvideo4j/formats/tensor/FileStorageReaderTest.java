package io.github.cogvideo4j.formats.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStorageReaderTest {
    @TempDir
    Path folder;

    @Property(tries = 200)
    void aChecksumGatheredInPiecesOfAnyOrderIsTheChecksumOfTheWhole(Generator generator) {
        byte[] bytes = generator.bytes(0, 300);
        int step = generator.integer(1, 40);
        StorageChecksum checksum = new StorageChecksum();
        List<Integer> starts = new ArrayList<>();
        for (int start = 0; start < bytes.length; start += step) {
            starts.add(start);
        }
        Collections.shuffle(starts, generator.random());
        for (int start : starts) {
            byte[] piece = Arrays.copyOfRange(bytes, start, Math.min(bytes.length, start + step));
            checksum.add(start, piece.length, crc(piece));
        }
        assertThat(checksum.gaps(bytes.length)).isEmpty();
        assertThat(checksum.value()).isEqualTo(crc(bytes));
    }

    @Test
    void whatNobodyReadIsAGapAndOverlapsAreCountedOnce() {
        StorageChecksum checksum = new StorageChecksum();
        checksum.add(10, 5, 1);
        checksum.add(12, 2, 1);
        checksum.add(20, 5, 1);
        assertThat(checksum.gaps(30)).containsExactly(new long[] {0, 10}, new long[] {15, 5}, new long[] {25, 5});
    }

    @Property(tries = 300)
    void aStridedViewIsGatheredInRowMajorOrder(Generator generator) throws IOException {
        Shape shape = new Shape(generator.list(1, 4, () -> generator.longInteger(0, 5)));
        List<Long> steps = generator.list(shape.rank(), shape.rank(), () -> generator.longInteger(0, 9));
        int offset = generator.integer(0, 7);
        short[] elements = new short[200];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (short) (i * 31);
        }
        ByteBuffer file = ByteBuffer.allocate(400).order(ByteOrder.LITTLE_ENDIAN);
        file.asShortBuffer().put(elements);
        Path path = Files.write(folder.resolve("strided.bin"), file.array());
        Storage storage = new Storage.Plain(path, "data/0", 0, 400, ByteOrder.LITTLE_ENDIAN, OptionalLong.empty());
        StoredTensor tensor = new StoredTensor("t", DType.I16, shape, new TensorData.Strided(storage, offset, steps));

        ByteBuffer expected = ByteBuffer.allocate((int) tensor.byteLength()).order(ByteOrder.LITTLE_ENDIAN);
        long[] index = new long[shape.rank()];
        for (long n = 0; n < shape.numel(); n++) {
            long rest = n;
            long at = offset;
            for (int d = index.length - 1; d >= 0; d--) {
                at += rest % shape.size(d) * steps.get(d);
                rest /= shape.size(d);
            }
            expected.putShort(elements[(int) at]);
        }
        assertThat(read(tensor)).isEqualTo(expected.array());
    }

    @Test
    void bigEndianElementsAreSwappedInTheirOwnUnit() throws IOException {
        Path file = Files.write(folder.resolve("big"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        Storage storage = new Storage.Plain(file, "data/0", 0, 8, ByteOrder.BIG_ENDIAN, OptionalLong.empty());
        TensorData data = new TensorData.Extents(List.of(new Extent(storage, 0, 8)));
        assertThat(read(new StoredTensor("f", DType.F32, Shape.of(2), data))).containsExactly(4, 3, 2, 1, 8, 7, 6, 5);
        assertThat(read(new StoredTensor("c", DType.C64, Shape.of(1), data))).containsExactly(4, 3, 2, 1, 8, 7, 6, 5);
        assertThat(read(new StoredTensor("d", DType.F64, Shape.of(1), data))).containsExactly(8, 7, 6, 5, 4, 3, 2, 1);
    }

    @Test
    void compressedBytesReadForwardsAndBackwards() throws IOException {
        byte[] content = new byte[300_000];
        new Random(1).nextBytes(content);
        Arrays.fill(content, 1000, 200_000, (byte) 7);
        Deflater deflater = new Deflater(6, true);
        deflater.setInput(content);
        deflater.finish();
        byte[] compressed = new byte[400_000];
        int length = deflater.deflate(compressed);
        deflater.end();
        Path file = Files.write(folder.resolve("deflated"), Arrays.copyOf(compressed, length));
        Storage storage = new Storage.Deflated(
                file, "data/0", 0, length, content.length, ByteOrder.LITTLE_ENDIAN, OptionalLong.of(crc(content)));
        try (FileStorageReader reader = new FileStorageReader()) {
            assertThat(read(reader, new Extent(storage, 250_000, 50_000)))
                    .isEqualTo(Arrays.copyOfRange(content, 250_000, 300_000));
            assertThat(read(reader, new Extent(storage, 10, 2_000))).isEqualTo(Arrays.copyOfRange(content, 10, 2_010));
            reader.verifyChecksums();
        }
    }

    @Test
    void aFlippedByteIsFoundEvenWhereNoTensorLooked() throws IOException {
        byte[] content = {1, 2, 3, 4, 5, 6, 7, 8};
        long recorded = crc(content);
        content[7] ^= 1;
        Path file = Files.write(folder.resolve("flipped"), content);
        Storage storage = new Storage.Plain(file, "data/3", 0, 8, ByteOrder.LITTLE_ENDIAN, OptionalLong.of(recorded));
        try (FileStorageReader reader = new FileStorageReader()) {
            read(reader, new Extent(storage, 0, 4));
            assertThatThrownBy(reader::verifyChecksums)
                    .isInstanceOfSatisfying(
                            MalformedFileException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.BAD_CRC))
                    .hasMessageContaining("CRC")
                    .hasMessageContaining("data/3");
        }
    }

    @Property(tries = 100)
    void aCursorGivesTheBytesThatAreReadAndItsChecksumsAreChecked(Generator generator) throws IOException {
        byte[] content = generator.bytes(1, 3000);
        int cut = generator.integer(0, content.length);
        boolean sound = generator.bool();
        Storage storage = new Storage.Plain(
                Files.write(folder.resolve("cursor"), content),
                "data/0",
                0,
                content.length,
                ByteOrder.LITTLE_ENDIAN,
                OptionalLong.of(sound ? crc(content) : crc(content) ^ 1));
        // As a partition's boundary leaves them; the last part lies before the first.
        StoredTensor tensor = new StoredTensor(
                "t",
                DType.U8,
                Shape.of(content.length),
                new TensorData.Extents(
                        List.of(new Extent(storage, cut, content.length - cut), new Extent(storage, 0, cut))));
        try (FileStorageReader reader = new FileStorageReader()) {
            ByteArrayOutputStream pulled = new ByteArrayOutputStream();
            try (FileStorageReader.TensorCursor cursor =
                    reader.checkedCursor(tensor).orElseThrow()) {
                for (ByteBuffer bytes = cursor.next(); bytes.hasRemaining(); bytes = cursor.next()) {
                    sinkTo(pulled).accept(bytes);
                }
            }
            assertThat(pulled.toByteArray()).isEqualTo(read(tensor));
            if (sound) {
                reader.verifyChecksums();
            } else {
                assertThatThrownBy(reader::verifyChecksums).isInstanceOf(MalformedFileException.class);
            }
        }
    }

    @Test
    void aFileThatShrankIsOneClearError() throws IOException {
        Path file = Files.write(folder.resolve("short"), new byte[10]);
        Storage storage = new Storage.Plain(file, "data/0", 0, 20, ByteOrder.LITTLE_ENDIAN, OptionalLong.empty());
        try (FileStorageReader reader = new FileStorageReader()) {
            assertThatThrownBy(() -> read(reader, new Extent(storage, 0, 20)))
                    .isInstanceOfSatisfying(
                            MalformedFileException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.SOURCE_CHANGED));
        }
    }

    private static byte[] read(StoredTensor tensor) throws IOException {
        try (FileStorageReader reader = new FileStorageReader()) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            reader.read(tensor, sinkTo(out));
            return out.toByteArray();
        }
    }

    private static byte[] read(FileStorageReader reader, Extent extent) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        reader.read(extent, sinkTo(out));
        return out.toByteArray();
    }

    private static TensorData.Sink sinkTo(ByteArrayOutputStream out) {
        return bytes -> {
            byte[] piece = new byte[bytes.remaining()];
            bytes.get(piece);
            out.writeBytes(piece);
        };
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
