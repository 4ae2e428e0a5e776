package io.github.cogvideo4j.formats.internal.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
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
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsPropertiesTest {
    private static final Shape[] SHAPES = {Shape.of(), Shape.of(0), Shape.of(3, 2), Shape.of(1, 4, 0), Shape.of(5)};

    private static final List<DType> TYPES = Arrays.stream(DType.values())
            .filter(type -> type != DType.C128 && type.bits() >= 8)
            .toList();

    @TempDir
    private static Path folder;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("property.safetensors");
    }

    private static List<TensorSpec> tensors(Generator generator) {
        return generator.distinct(
                8,
                TensorSpec::name,
                () -> new TensorSpec(generator.text(12), generator.of(TYPES), generator.of(SHAPES)));
    }

    private static Map<String, String> metadata(Generator generator) {
        Map<String, String> metadata = new HashMap<>();
        for (String name : generator.list(0, 4, () -> generator.text(8))) {
            metadata.put(name, generator.text(8));
        }
        return metadata;
    }

    /// The file of these tensors; each tensor's bytes are numbered from its place in the list.
    private byte[] write(List<TensorSpec> tensors, Map<String, String> metadata) {
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, metadata);
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(layout.fileSize()));
        bytes.put(layout.head());
        for (SafetensorsLayout.Slot slot : layout.slots()) {
            assertThat(bytes.position()).isEqualTo(slot.offset());
            for (int i = 0; i < slot.length(); i++) {
                bytes.put((byte) (tensors.indexOf(slot.tensor()) * 31 + i));
            }
        }
        assertThat(bytes.hasRemaining()).isFalse();
        return bytes.array();
    }

    /// Every tensor with its bytes, so that two readings can be compared.
    private Map<TensorSpec, ByteBuffer> contents(SafetensorsFile read) throws IOException {
        Map<TensorSpec, ByteBuffer> contents = new HashMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (StoredTensor tensor : read.tensors()) {
                ByteBuffer whole = ByteBuffer.allocate(Math.toIntExact(tensor.byteLength()));
                reader.read(tensor, whole::put);
                contents.put(TensorSpec.of(tensor), whole.flip());
            }
        }
        return contents;
    }

    @Property(tries = 500)
    void whatIsWrittenIsReadBack(Generator generator) throws IOException {
        List<TensorSpec> tensors = tensors(generator);
        Map<String, String> metadata = metadata(generator);
        Files.write(file, write(tensors, metadata));
        Warnings warnings = new Warnings();
        SafetensorsFile read = SafetensorsFile.open(file, Strictness.STRICT, warnings);
        assertThat(warnings.all()).isEmpty();
        assertThat(read.metadata()).isEqualTo(metadata);
        Map<TensorSpec, ByteBuffer> contents = contents(read);
        assertThat(contents.keySet()).containsExactlyInAnyOrderElementsOf(tensors);
        contents.forEach((tensor, bytes) -> {
            for (int i = 0; i < bytes.limit(); i++) {
                assertThat(bytes.get(i)).isEqualTo((byte) (tensors.indexOf(tensor) * 31 + i));
            }
        });
    }

    @Property(tries = 500)
    void aProperPrefixIsRefused(Generator generator) throws IOException {
        byte[] whole = write(tensors(generator), Map.of("format", "pt"));
        Files.write(file, Arrays.copyOf(whole, generator.integer(0, whole.length - 1)));
        assertThat(opens()).isFalse();
    }

    @Property(tries = 3000)
    void aChangedByteGivesAFileOrARefusalAndNothingElse(Generator generator) throws IOException {
        List<TensorSpec> tensors = tensors(generator);
        byte[] bytes = write(tensors, Map.of("format", "pt"));
        int at = generator.integer(0, bytes.length - 1);
        boolean inData = at
                >= SafetensorsLayout.of(tensors, Map.of("format", "pt")).head().remaining();
        bytes[at] = (byte) generator.integer(Byte.MIN_VALUE, Byte.MAX_VALUE);
        Files.write(file, bytes);
        assertThat(opens() || !inData)
                .as("a change of data is no fault of the header")
                .isTrue();
    }

    private boolean opens() throws IOException {
        try {
            contents(SafetensorsFile.open(file, Strictness.LENIENT, new Warnings()));
            return true;
        } catch (FormatException refusal) {
            assertThat(refusal.problem().place().file()).isPresent();
            return false;
        }
    }
}
