package io.github.cogvideo4j.formats.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class SafetensorsPropertiesTest {
    private static final Shape[] SHAPES = {Shape.of(), Shape.of(0), Shape.of(3, 2), Shape.of(1, 4, 0), Shape.of(5)};

    private Path file;

    @BeforeProperty
    void create() throws IOException {
        file = Files.createTempFile("property", ".safetensors");
    }

    @AfterProperty
    void delete() throws IOException {
        Files.deleteIfExists(file);
    }

    @Provide
    Arbitrary<List<TensorSpec>> tensors() {
        Arbitrary<String> names = Arbitraries.strings()
                .all()
                .ofMaxLength(12)
                .filter(name -> name.equals(new String(name.getBytes(UTF_8), UTF_8)) && !name.equals("__metadata__"));
        Arbitrary<DType> types = Arbitraries.of(DType.values()).filter(type -> type != DType.C128 && type.bits() >= 8);
        return Combinators.combine(names, types, Arbitraries.of(SHAPES))
                .as(TensorSpec::new)
                .list()
                .ofMaxSize(8)
                .uniqueElements(TensorSpec::name);
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
    void whatIsWrittenIsReadBack(
            @ForAll("tensors") List<TensorSpec> tensors, @ForAll("metadata") Map<String, String> metadata)
            throws IOException {
        Files.write(file, write(tensors, metadata));
        Problems warnings = new Problems();
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

    @Provide
    Arbitrary<Map<String, String>> metadata() {
        Arbitrary<String> texts = Arbitraries.strings()
                .all()
                .ofMaxLength(8)
                .filter(text -> text.equals(new String(text.getBytes(UTF_8), UTF_8)));
        return Arbitraries.maps(texts, texts).ofMaxSize(4);
    }

    @Property(tries = 500)
    void aProperPrefixIsRefused(@ForAll("tensors") List<TensorSpec> tensors, @ForAll @IntRange(max = 1 << 20) int cut)
            throws IOException {
        byte[] whole = write(tensors, Map.of("format", "pt"));
        Files.write(file, Arrays.copyOf(whole, cut % whole.length));
        assertThat(opens()).isFalse();
    }

    @Property(tries = 3000)
    void aChangedByteGivesAFileOrARefusalAndNothingElse(
            @ForAll("tensors") List<TensorSpec> tensors, @ForAll @IntRange(max = 1 << 20) int where, @ForAll byte value)
            throws IOException {
        byte[] bytes = write(tensors, Map.of("format", "pt"));
        int at = where % bytes.length;
        boolean inData = at
                >= SafetensorsLayout.of(tensors, Map.of("format", "pt")).head().remaining();
        bytes[at] = value;
        Files.write(file, bytes);
        assertThat(opens() || !inData)
                .as("a change of data is no fault of the header")
                .isTrue();
    }

    private boolean opens() throws IOException {
        try {
            contents(SafetensorsFile.open(file, Strictness.LENIENT, new Problems()));
            return true;
        } catch (FormatException refusal) {
            assertThat(refusal.problem().place().file()).isPresent();
            return false;
        }
    }
}
