package io.github.cogvideo4j.formats.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.internal.torch.StateDict;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Small valid files: every prefix and every flip of one bit.
class EveryDamageTest {
    @TempDir
    Path folder;

    private Path scratch() {
        return folder.resolve("damaged");
    }

    @Test
    void ofASafetensorsFileIsReadOrRefused() throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(
                List.of(
                        new TensorSpec("a", DType.F32, Shape.of(2)),
                        new TensorSpec("b\"", DType.BF16, Shape.of()),
                        new TensorSpec("", DType.U8, Shape.of(0, 3))),
                Map.of("format", "pt"));
        byte[] file = new byte[Math.toIntExact(layout.fileSize())];
        ByteBuffer head = layout.head();
        head.get(file, 0, head.remaining());
        everyDamage(FuzzTarget.SAFETENSORS, file);
    }

    @Test
    void ofAnIndexIsReadOrRefused() throws IOException {
        String index = "{\"metadata\":{\"total_size\":12},\"weight_map\":{\"a\":\"m-1.bin\",\"é\\n\":\"m-2.bin\"}}\n";
        everyDamage(FuzzTarget.INDEX, index.getBytes(UTF_8));
    }

    @Test
    void ofAPickleIsReadOrRefused() throws IOException {
        everyDamage(
                FuzzTarget.PICKLE,
                "\u0080\2}q\0(X\1\0\0\0aq\1]q\2(K\1M\0\1G?\u00f8\0\0\0\0\0\0eX\2\0\0\0\u00c3\u00a9h\2u."
                        .getBytes(ISO_8859_1));
    }

    @Test
    void ofALegacyFileIsReadOrRefused() throws IOException {
        everyDamage(FuzzTarget.LEGACY, Files.readAllBytes(Resources.fixture("torch-zoo/input/zoo-legacy.pt")), 500, 7);
    }

    @Test
    void ofAZipIsReadEquallyOrRefused() throws IOException {
        byte[] file = Files.readAllBytes(Resources.fixture("torch-zoo/input/state_dict-with-_metadata.pt"));
        Optional<Map<String, ByteBuffer>> whole = contents(file);
        assertThat(whole).isPresent();
        for (int bit = 0; bit < 8 * file.length; bit++) {
            Optional<Map<String, ByteBuffer>> damaged = contents(flipped(file, bit));
            assertThat(damaged.isEmpty() || damaged.equals(whole))
                    .as("bit %d", bit)
                    .isTrue();
        }
        for (int length = 0; length < file.length; length++) {
            assertThat(contents(Arrays.copyOf(file, length)))
                    .as("first %d bytes", length)
                    .isEmpty();
        }
    }

    private void everyDamage(FuzzTarget target, byte[] file) throws IOException {
        everyDamage(target, file, file.length, 1);
    }

    /// Every flip in the first bytes, and every so manieth prefix: a file of torch has long runs of the same.
    private void everyDamage(FuzzTarget target, byte[] file, int flips, int step) throws IOException {
        for (int bit = 0; bit < 8 * flips; bit++) {
            target.run(flipped(file, bit), scratch());
        }
        for (int length = 0; length <= file.length; length += step) {
            target.run(Arrays.copyOf(file, length), scratch());
        }
    }

    private static byte[] flipped(byte[] file, int bit) {
        byte[] damaged = file.clone();
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        return damaged;
    }

    /// All tensors with their bytes, whose checksums have been compared; empty when refused.
    private Optional<Map<String, ByteBuffer>> contents(byte[] bytes) throws IOException {
        Files.write(scratch(), bytes);
        Map<String, ByteBuffer> contents = new TreeMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            TorchFile opened = TorchFile.open(scratch(), new Warnings());
            List<StoredTensor> tensors = opened.root()
                    .asDict()
                    .map(dict -> StateDict.tensors(scratch(), dict))
                    .orElse(List.of());
            for (StoredTensor tensor : tensors) {
                ByteBuffer whole = ByteBuffer.allocate(Math.toIntExact(tensor.byteLength()));
                reader.read(tensor, whole::put);
                contents.put(tensor.name() + tensor.dtype() + tensor.shape(), whole.flip());
            }
            reader.verifyChecksums();
            return Optional.of(contents);
        } catch (FormatException refused) {
            return Optional.empty();
        }
    }
}
