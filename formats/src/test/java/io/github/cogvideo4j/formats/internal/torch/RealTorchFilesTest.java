package io.github.cogvideo4j.formats.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.internal.pickle.PickleFactory;
import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;
import io.github.cogvideo4j.formats.internal.pickle.PickleReader;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Every file that a real trainer or converter wrote must open.
class RealTorchFilesTest {
    @Test
    void everyFileOfEveryTrainerOpensAndEveryTensorIsSound() throws IOException {
        List<Path> files = files(".pt", ".bin");
        assertThat(files).hasSizeGreaterThan(200);
        for (Path file : files) {
            Warnings warnings = new Warnings();
            TorchFile opened = TorchFile.open(file, warnings);
            assertThat(warnings.all()).as(file.toString()).isEmpty();
            tensors(opened.root()).forEach(tensor -> tensor.stored(file.toString()));
        }
    }

    @Test
    void theMetadataOfDistributedCheckpointsLocatesTorchFilesInsideOthers() throws IOException {
        List<Path> metadata = files("/.metadata");
        assertThat(metadata).isNotEmpty();
        for (Path file : metadata) {
            PickleValue root = PickleReader.read(
                            PickleSource.at(ByteBuffer.wrap(Files.readAllBytes(file)), Place.of(file), 0),
                            PickleFactory.INERT,
                            PickleLimits.DISTRIBUTED_METADATA)
                    .value();
            PickleValue.Dict chunks = ((PickleValue.Instance) root)
                    .attribute("storage_data")
                    .flatMap(PickleValue::asDict)
                    .orElseThrow();
            assertThat(chunks.entries().keySet()).anyMatch(key -> isTensor((PickleValue.Instance) key));
            for (var entry : chunks.entries().entrySet()) {
                if (!isTensor((PickleValue.Instance) entry.getKey())) {
                    continue;
                }
                PickleValue.Instance chunk = (PickleValue.Instance) entry.getValue();
                Path holder = file.resolveSibling(
                        chunk.attribute("relative_path").orElseThrow().asText().orElseThrow());
                try (TorchSequence sequence = TorchSequence.open(holder)) {
                    TorchFile inner = sequence.file(
                            chunk.attribute("offset").orElseThrow().asLong().orElseThrow(),
                            chunk.attribute("length").orElseThrow().asLong().orElseThrow(),
                            new Warnings());
                    tensors(inner.root()).forEach(tensor -> tensor.stored("chunk"));
                }
            }
        }
    }

    /// Objects that are no tensors are pickled whole and have no offset.
    private static boolean isTensor(PickleValue.Instance key) {
        return key.attribute("offset")
                .filter(offset -> !(offset instanceof PickleValue.None))
                .isPresent();
    }

    private static List<Path> files(String... endings) throws IOException {
        try (Stream<Path> files = Files.walk(Resources.fixture(""))) {
            return files.filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith))
                    .filter(file -> !file.toString().contains("broken")
                            && !file.toString().contains("whole-module"))
                    .filter(file -> !file.toString().contains("/mess/"))
                    // Tensors of ranks, which more names make up than those of plain tensors.
                    .filter(file -> !file.toString().contains("dtensor-ranks"))
                    .filter(file -> !file.toString().contains("conj-neg"))
                    .toList();
        }
    }

    private static List<TensorValue> tensors(PickleValue root) {
        List<TensorValue> found = new ArrayList<>();
        Deque<PickleValue> open = new ArrayDeque<>(List.of(root));
        while (!open.isEmpty()) {
            PickleValue value = open.removeLast();
            if (value instanceof TensorValue tensor) {
                found.add(tensor);
            }
            open.addAll(value.children());
        }
        return found;
    }
}
