package io.github.cogvideo4j.formats.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Resources;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class TorchZooTest {
    private static final JsonNode CASE = json(Resources.fixture("torch-zoo/case.json"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zoo.pt",
                "zoo-proto4.pt",
                "zoo-proto5.pt",
                "zoo-cuda-tag.pt",
                "zoo-torch1x.pt",
                "zoo-deflated.pt",
                "zoo-bigendian.pt",
                "zoo-legacy.pt",
                "zoo-cuda-tag-legacy.pt"
            })
    void everyTensorHasTheBytesThatTorchReads(String file) throws IOException {
        PickleValue.Dict dict = open(file);
        Set<String> expected = new TreeSet<>();
        String subset = file.contains("bigendian") ? "bigendian_keys" : file.contains("legacy") ? "legacy_keys" : "";
        if (subset.isEmpty()) {
            expected.addAll(CASE.get("tensors").propertyNames());
        } else {
            CASE.get(subset).forEach(key -> expected.add(key.asString()));
        }
        Map<String, PickleValue> entries = dict.textEntries();
        assertThat(new TreeSet<>(entries.keySet())).isEqualTo(expected);
        for (String name : expected) {
            JsonNode tensor = CASE.get("tensors").get(name);
            TensorValue value = (TensorValue) entries.get(name);
            assertThat(value.sizes()).as(name).isEqualTo(longs(tensor.get("shape")));
            assertThat(value.strides()).as(name).isEqualTo(longs(tensor.get("stride")));
            assertThat(value.offset())
                    .as(name)
                    .isEqualTo(tensor.get("storage_offset").asLong());
            assertThat(value.storage().storage().length())
                    .as(name)
                    .isEqualTo(tensor.get("storage_nbytes").asLong());
            assertThat(value.parameter())
                    .as(name)
                    .isEqualTo(tensor.get("parameter").asBoolean());
            assertThat(value.requiresGrad())
                    .as(name)
                    .isEqualTo(tensor.get("requires_grad").asBoolean());
            assertSame(value.stored(name), tensor);
        }
    }

    @ParameterizedTest
    @CsvSource({"nested-state_dict.pt,state_dict", "nested-module.pt,module", "nested-model.pt,model/module"})
    void nestedStateDictsAreMapsInMaps(String file, String keys) throws IOException {
        PickleValue.Dict inner = open(file);
        for (String step : keys.split("/")) {
            inner = inner.get(step).orElseThrow().asDict().orElseThrow();
        }
        List<StoredTensor> tensors = StateDict.tensors(path(file), inner);
        JsonNode expected = CASE.get("nested").get(file);
        assertThat(tensors).hasSize(expected.size());
        for (StoredTensor tensor : tensors) {
            assertSame(tensor, expected.get(tensor.name()));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "unsupported-sparse.pt,sparse,_rebuild_sparse_tensor",
        "unsupported-quantized.pt,q,_rebuild_qtensor",
        "meta-tensor.pt,meta,_rebuild_meta_tensor_no_storage",
        "conj-neg.pt,c,conj"
    })
    void tensorsThatAreNotPlainAreRefusedByName(String file, String tensor, String mentioned) throws IOException {
        PickleValue.Dict dict = open(file);
        assertThatThrownBy(() -> StateDict.tensors(path(file), dict))
                .isInstanceOfSatisfying(FormatException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED_TENSOR);
                    assertThat(e.problem().place().tensor()).contains(tensor);
                    assertThat(e.problem().message().text()).contains(tensor, mentioned);
                });
    }

    @Test
    void aNegatedViewIsRefusedToo() throws IOException {
        TensorValue negated = (TensorValue) open("conj-neg.pt").get("neg").orElseThrow();
        assertThatThrownBy(() -> negated.stored("neg")).hasMessageContaining("neg");
    }

    @Test
    void aPlainTensorBesideASparseOneIsRead() throws IOException {
        TensorValue ok = (TensorValue) open("unsupported-sparse.pt").get("ok").orElseThrow();
        assertThat(ok.stored("ok").shape()).isEqualTo(Shape.of(2));
    }

    @Test
    void aWholeModelIsRefusedWithTheAdviceToSaveItsStateDict() {
        assertThatThrownBy(() -> open("whole-module.pt")).isInstanceOfSatisfying(FormatException.class, e -> {
            assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSAFE_PICKLE);
            assertThat(e.problem().message().text()).contains("torch.nn.modules.linear.Linear", "state_dict()");
        });
    }

    @Test
    void attributesOfTensorsAndOfDictionariesAreKept() throws IOException {
        TensorValue tensor =
                (TensorValue) open("tensor-with-attr.pt").get("attr").orElseThrow();
        PickleValue.Dict attributes = tensor.attributes().orElseThrow().asDict().orElseThrow();
        assertThat(attributes.get("custom_attr")).contains(new PickleValue.Text("x"));
        PickleValue.Dict state = open("state_dict-with-_metadata.pt")
                .get("sd")
                .orElseThrow()
                .asDict()
                .orElseThrow();
        assertThat(state.attributes().orElseThrow().asDict().orElseThrow().get("_metadata"))
                .isPresent();
    }

    @Test
    void numpyValuesStayDescriptions() throws IOException {
        PickleValue.Dict dict = open("with-numpy.pt");
        PickleValue.Instance scalar =
                (PickleValue.Instance) dict.get("np_scalar").orElseThrow();
        assertThat(scalar.type()).hasToString("numpy._core.multiarray.scalar");
        // 1.5, as little-endian double.
        assertThat(scalar.arguments().get(1))
                .isEqualTo(new PickleValue.Bytes(java.nio.ByteBuffer.wrap(new byte[] {0, 0, 0, 0, 0, 0, -8, 63})));
        assertThat(StateDict.tensors(path("with-numpy.pt"), dict)).hasSize(1);
    }

    @Test
    void theRootNeedNotBeAMap() throws IOException {
        assertThat(TorchFile.open(path("bare-tensor.pt"), new Warnings()).root())
                .isInstanceOf(TensorValue.class);
        List<PickleValue> list = TorchFile.open(path("list.pt"), new Warnings())
                .root()
                .asElements()
                .orElseThrow();
        assertThat(list.getFirst().asElements().orElseThrow().get(1)).isInstanceOf(TensorValue.class);
    }

    @Test
    void theLegacyTransformerIsReadAsTorchReadsIt() throws IOException {
        Path file = Resources.fixture("torch-legacy-transformer/input/pytorch_model.bin");
        JsonNode expected = json(Resources.fixture("torch-legacy-transformer/reference/tensors.json"));
        TorchFile opened = TorchFile.open(file, new Warnings());
        assertThat(opened.container()).isEqualTo(TorchFile.Container.LEGACY);
        List<StoredTensor> tensors =
                StateDict.tensors(file, opened.root().asDict().orElseThrow());
        assertThat(tensors.stream().map(StoredTensor::name)).containsExactlyElementsOf(expected.propertyNames());
        for (StoredTensor tensor : tensors) {
            assertSame(tensor, expected.get(tensor.name()));
        }
    }

    private static void assertSame(StoredTensor tensor, JsonNode expected) throws IOException {
        assertThat(tensor.dtype().torchName()).isEqualTo(expected.get("dtype").asString());
        assertThat(tensor.shape().sizes()).isEqualTo(longs(expected.get("shape")));
        String sha256 = expected.get("sha256").asString();
        assertThat(Resources.sha256(Gather.bytes(tensor))).as(tensor.name()).isEqualTo(sha256);
        assertThat(Resources.sha256(streamed(tensor))).as(tensor.name()).isEqualTo(sha256);
    }

    /// The same bytes by the reader that conversions use, whose checksums must hold too.
    private static byte[] streamed(StoredTensor tensor) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (FileStorageReader reader = new FileStorageReader();
                WritableByteChannel channel = Channels.newChannel(bytes)) {
            reader.read(tensor, channel::write);
            reader.verifyChecksums();
        }
        return bytes.toByteArray();
    }

    private static PickleValue.Dict open(String file) throws IOException {
        return TorchFile.open(path(file), new Warnings()).root().asDict().orElseThrow();
    }

    private static Path path(String file) {
        return Resources.fixture("torch-zoo/input/" + file);
    }

    private static List<Long> longs(JsonNode array) {
        return array.valueStream().map(JsonNode::asLong).toList();
    }

    private static JsonNode json(Path file) {
        return new ObjectMapper().readTree(file);
    }
}
