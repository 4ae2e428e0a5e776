package io.github.cogvideo4j.formats.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever happens to a file, opening it gives what was saved or one of our exceptions, and nothing else.
class DamagedTorchFilesTest {
    private static final List<String> ZIPS =
            List.of("zoo.pt", "zoo-deflated.pt", "with-numpy.pt", "tensor-with-attr.pt");

    @TempDir
    private static Path folder;

    @Property(tries = 400)
    void aZipWithAFlippedBitIsTheSameOrRefused(Generator generator) throws IOException {
        Path original = Resources.fixture("torch-zoo/input/" + generator.of(ZIPS));
        byte[] bytes = Files.readAllBytes(original);
        flipABit(bytes, generator);
        Optional<List<String>> reading = open(bytes);
        if (reading.isPresent()) {
            assertThat(reading).isEqualTo(open(Files.readAllBytes(original)));
        }
    }

    @Property(tries = 400)
    void aLegacyFileWithAFlippedBitIsReadOrRefused(Generator generator) throws IOException {
        byte[] bytes = Files.readAllBytes(Resources.fixture("torch-zoo/input/zoo-legacy.pt"));
        flipABit(bytes, generator);
        // There is no checksum that would tell a changed name or number; reading on is all that can be asked.
        open(bytes).ifPresent(tensors -> assertThat(tensors).isNotEmpty());
    }

    @Test
    void everyPrefixOfAFileIsRefused() throws IOException {
        for (String file : List.of("list.pt", "zoo-legacy.pt")) {
            byte[] bytes = Files.readAllBytes(Resources.fixture("torch-zoo/input/" + file));
            for (int length = 0; length < bytes.length; length += 1 + length / 64) {
                byte[] prefix = java.util.Arrays.copyOf(bytes, length);
                assertThat(open(prefix)).as("%s cut to %d", file, length).isEmpty();
            }
        }
    }

    private static void flipABit(byte[] bytes, Generator generator) {
        int bit = generator.integer(0, bytes.length * 8 - 1);
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }

    /// What the file holds, but for checksums of storages, which are compared when storages are read.
    private static Optional<List<String>> open(byte[] bytes) throws IOException {
        Path damaged = Files.write(folder.resolve("damaged.pt"), bytes);
        try {
            PickleValue root = TorchFile.open(damaged, new Warnings()).root();
            return Optional.of(root.asDict().stream()
                    .flatMap(dict -> StateDict.tensors(damaged, dict).stream())
                    .map(DamagedTorchFilesTest::describe)
                    .toList());
        } catch (FormatException refused) {
            assertThat(refused.problem().message().text()).isNotBlank();
            return Optional.empty();
        }
    }

    private static String describe(StoredTensor tensor) {
        String where = switch (tensor.data()) {
            case TensorData.Extents extents ->
                extents.parts().stream()
                        .map(part -> part.storage().label() + part.offset() + "+" + part.length())
                        .toList()
                        .toString();
            case TensorData.Strided view -> view.storage().label() + view.offset() + view.strides();
            case TensorData.Computed computed -> computed.description();
        };
        return tensor.name() + tensor.dtype() + tensor.shape() + where;
    }
}
