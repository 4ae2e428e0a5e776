package io.github.cogvideo4j.formats.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TorchLayoutTest {
    static Stream<Path> writtenByTorch() throws IOException {
        try (Stream<Path> files = Files.walk(Resources.fixture(""))) {
            return files
                    .filter(file -> file.toString().matches(".*/reference/bf16-bin[^/]*/[^/]*\\.bin"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("writtenByTorch")
    void aFileIsByteForByteWhatTorchWrites(Path file) throws IOException {
        List<TorchLayout.Tensor> tensors = new ArrayList<>();
        Map<String, byte[]> contents = new HashMap<>();
        TorchFile.open(file, new Warnings())
                .root()
                .asDict()
                .orElseThrow()
                .textEntries()
                .forEach((name, value) -> {
                    TensorValue tensor = (TensorValue) value;
                    StoredTensor stored = tensor.stored(name);
                    tensors.add(new TorchLayout.Tensor(name, stored.dtype(), stored.shape(), tensor.requiresGrad()));
                    contents.put(name, gather(stored));
                });
        assertThat(tensors).isNotEmpty();
        assertThat(write(file.getFileName().toString(), tensors, contents)).isEqualTo(Files.readAllBytes(file));
    }

    static Stream<Path> bareTensorsByTorch() throws IOException {
        try (Stream<Path> files = Files.walk(Resources.fixture("universal-zero2-bf16-w2/input"))) {
            return Stream.concat(
                    Stream.of(Resources.fixture("torch-zoo/input/bare-tensor.pt")),
                    files.filter(file -> file.endsWith("step.pt")).sorted().limit(3).toList().stream());
        }
    }

    @ParameterizedTest
    @MethodSource("bareTensorsByTorch")
    void aTensorByItselfIsByteForByteWhatTorchWrites(Path file) throws IOException {
        TensorValue value = (TensorValue) TorchFile.open(file, new Warnings()).root();
        StoredTensor stored = value.stored("tensor");
        TorchLayout layout = TorchLayout.ofTensor(
                file.getFileName().toString(),
                new TorchLayout.Tensor("tensor", stored.dtype(), stored.shape(), value.requiresGrad()));
        assertThat(write(layout, Map.of("tensor", gather(stored)))).isEqualTo(Files.readAllBytes(file));
    }

    // The hashes below are of files that torch 2.13 saved from tensors of zeros of these names, types and
    // shapes.

    @Test
    void everyTypeIsWrittenAsTorchWritesIt() {
        List<TorchLayout.Tensor> tensors = Arrays.stream(DType.values())
                .filter(type -> type.bits() % 8 == 0 && !type.torchName().isEmpty())
                .flatMap(type -> Stream.of(Shape.of(2, 3), Shape.of(), Shape.of(0, 4), Shape.of(1, 2, 1, 2, 3))
                        .map(shape -> new TorchLayout.Tensor(
                                type.torchName() + "."
                                        + shape.toString()
                                                .replaceAll("[\\[\\]]", "")
                                                .replace(", ", "x"),
                                type,
                                shape,
                                false)))
                .toList();
        assertThat(Resources.sha256(write("dtypes.bin", tensors, Map.of())))
                .isEqualTo("9c19fe2e6b752ffc718525a3b2cbb214e699771cb5d04717271f1ffab19b4735");
    }

    @Test
    void thousandsOfTensorsAreWrittenInBatchesAsTorchWritesThem() {
        List<TorchLayout.Tensor> tensors = IntStream.range(0, 2_001)
                .mapToObj(i ->
                        new TorchLayout.Tensor("blocks." + i + ".weight", DType.BF16, Shape.of(i % 5 + 1), i % 3 == 0))
                .toList();
        assertThat(Resources.sha256(write("many.bin", tensors, Map.of())))
                .isEqualTo("0ad8820c2c6b929d96d80f2771be0147006451041dfbdbeef2683b4bf2034e81");
    }

    @ParameterizedTest
    @CsvSource({
        "0,b8091546de1d26ca3bb0d9b386892fe9042642f9604ab941a5cbe87b1fcc5de6",
        "1,de0bd9887af303bacb5427c369ec1623999bf5005bca7be3d0d92332a25b1c2b",
        "2000,3b2139e20df4229313e63bd46f43e045a026fee4aec363311077ed3306b33d57"
    })
    void batchesEndAsTorchEndsThem(int count, String sha256) {
        List<TorchLayout.Tensor> tensors = IntStream.range(0, count)
                .mapToObj(i -> new TorchLayout.Tensor("blocks." + i + ".weight", DType.F16, Shape.of(3), false))
                .toList();
        assertThat(Resources.sha256(write("n" + count + ".bin", tensors, Map.of())))
                .isEqualTo(sha256);
    }

    @Test
    void wideSizesAndNamesBeyondAsciiAreWrittenAsTorchWritesThem() {
        List<TorchLayout.Tensor> tensors = List.of(
                new TorchLayout.Tensor("wide.é", DType.U8, Shape.of(70_000), false),
                new TorchLayout.Tensor("x", DType.F32, Shape.of(300, 2), false));
        assertThat(Resources.sha256(write("wide.bin", tensors, Map.of())))
                .isEqualTo("0e33f32b73040dc36465f0aa519dab80ce7ba66e0383f5f002761277a7fdeb77");
    }

    @Test
    void beyondFourGigabytesTheStructureIsTorchs(@TempDir Path folder) throws Exception {
        long size = (1L << 32) + 10;
        List<TorchLayout.Tensor> tensors = List.of(
                new TorchLayout.Tensor("a", DType.BF16, Shape.of(3), false),
                new TorchLayout.Tensor("big", DType.U8, Shape.of(size), false),
                new TorchLayout.Tensor("c", DType.F32, Shape.of(5), false),
                new TorchLayout.Tensor("d", DType.F32, Shape.of(0), false),
                new TorchLayout.Tensor("e", DType.F32, Shape.of(), false));
        // Checksums of arange(3), zeros, arange(5), nothing, and 3.0.
        Map<String, Long> checksums =
                Map.of("a", 91288741L, "big", 1804055020L, "c", 1758053516L, "d", 0L, "e", 2816594313L);
        TorchLayout layout = TorchLayout.of("big64.bin", tensors);
        Path file = folder.resolve("big64.bin");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
                sparse.getChannel().write(piece.bytes(), piece.offset());
            }
            write(sparse, layout, 0, HexFormat.of().parseHex("0000803f0040"));
            write(sparse, layout, 2, floats(0, 1, 2, 3, 4));
            write(sparse, layout, 4, floats(3));
            assertThat(sparse.length()).isEqualTo(4_294_969_883L).isEqualTo(layout.fileSize());
            // All but the four gigabytes of zeros.
            TorchLayout.Slot big = layout.slots().get(1);
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(read(sparse, 0, big.offset()));
            long behind = big.offset() + big.length();
            sha256.update(read(sparse, behind, sparse.length() - behind));
            assertThat(HexFormat.of().formatHex(sha256.digest()))
                    .isEqualTo("594f49b8850c0a67bb97dcaf59ae49dcd1f96cddd642bfb28be10b7546f2a15b");
        }
        List<StoredTensor> stored = StateDict.tensors(
                file, TorchFile.open(file, new Warnings()).root().asDict().orElseThrow());
        assertThat(stored).hasSize(5);
        for (int i : new int[] {0, 1, 2, 4}) {
            Extent extent = ((TensorData.Extents) stored.get(i).data()).parts().getFirst();
            assertThat(((Storage.Plain) extent.storage()).offset())
                    .isEqualTo(layout.slots().get(i).offset());
            assertThat(extent.length()).isEqualTo(layout.slots().get(i).length());
        }
    }

    @Test
    void aTypeThatTorchDoesNotHaveIsRefused() {
        assertThatThrownBy(() -> TorchLayout.of(
                        "a.bin", List.of(new TorchLayout.Tensor("t", DType.F6_E2M3, Shape.of(4), false))))
                .isInstanceOfSatisfying(
                        FormatException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED_TENSOR));
    }

    /// A whole file; tensors without contents are zeros.
    private static byte[] write(String name, List<TorchLayout.Tensor> tensors, Map<String, byte[]> contents) {
        return write(TorchLayout.of(name, tensors), contents);
    }

    private static byte[] write(TorchLayout layout, Map<String, byte[]> contents) {
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(layout.fileSize()));
        Map<String, Long> checksums = new HashMap<>();
        for (TorchLayout.Slot slot : layout.slots()) {
            byte[] bytes = contents.getOrDefault(slot.tensor().name(), new byte[Math.toIntExact(slot.length())]);
            CRC32 crc = new CRC32();
            crc.update(bytes);
            checksums.put(slot.tensor().name(), crc.getValue());
            file.put(Math.toIntExact(slot.offset()), bytes);
        }
        for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
            file.put(
                    Math.toIntExact(piece.offset()),
                    piece.bytes(),
                    piece.bytes().position(),
                    piece.bytes().remaining());
        }
        return file.array();
    }

    private static byte[] gather(StoredTensor tensor) {
        try {
            return Gather.bytes(tensor);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void write(RandomAccessFile file, TorchLayout layout, int slot, byte[] bytes) throws IOException {
        assertThat(layout.slots().get(slot).length()).isEqualTo(bytes.length);
        file.seek(layout.slots().get(slot).offset());
        file.write(bytes);
    }

    private static byte[] read(RandomAccessFile file, long offset, long length) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(length)];
        file.seek(offset);
        file.readFully(bytes);
        return bytes;
    }

    private static byte[] floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.array();
    }
}
