package io.github.cogvideo4j.inference.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.internal.torch.StateDict;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorFileTest {
    private static final byte[] FIRST = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    private static final byte[] SECOND = {-1, -2, -3, -4};
    private static final TensorFile.Entry FLOATS =
            new TensorFile.Entry("floats", DType.F32, Shape.of(1, 3), MemorySegment.ofArray(FIRST));
    private static final TensorFile.Entry HALVES =
            new TensorFile.Entry("halves", DType.BF16, Shape.of(2), MemorySegment.ofArray(SECOND));

    @TempDir
    private Path folder;

    @Test
    void severalTensorsAreADictionaryOfTorchSave() throws IOException {
        Path file = folder.resolve("several.pt");
        TensorFile.write(file, false, List.of(FLOATS, HALVES), Map.of());
        List<StoredTensor> tensors = StateDict.tensors(
                file, TorchFile.open(file, new Warnings()).root().asDict().orElseThrow());
        assertThat(tensors).extracting(StoredTensor::name).containsExactly("floats", "halves");
        assertThat(tensors).extracting(StoredTensor::dtype).containsExactly(DType.F32, DType.BF16);
        assertThat(bytes(tensors.getFirst())).isEqualTo(FIRST);
        assertThat(bytes(tensors.getLast())).isEqualTo(SECOND);
    }

    @ParameterizedTest
    @ValueSource(strings = {"one.pt", "one.PTH"})
    void oneTensorStandsByItself(String name) throws IOException {
        Path file = folder.resolve(name);
        TensorFile.write(file, false, FLOATS);
        TensorValue value = (TensorValue) TorchFile.open(file, new Warnings()).root();
        assertThat(value.sizes()).containsExactly(1L, 3L);
        assertThat(bytes(value.stored("one"))).isEqualTo(FIRST);
    }

    @ParameterizedTest
    @ValueSource(strings = {"latents.npy", "latents", ".pt", "latents.pt.mp4"})
    void anEndingThatMeansNoTensorsIsRefused(String name) {
        assertThatThrownBy(() -> TensorFile.check(folder.resolve(name), true))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST);
                    assertThat(e.problem().message().text()).contains(".safetensors, .pt or .pth");
                });
    }

    @Test
    void whatIsThereIsNotReplacedUnasked() throws IOException {
        Path file = Files.writeString(folder.resolve("old.pt"), "old");
        assertThatThrownBy(() -> TensorFile.check(file, false)).isInstanceOf(OutputException.class);
        TensorFile.check(file, true);
        assertThat(file).hasContent("old");
    }

    private static byte[] bytes(StoredTensor tensor) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (FileStorageReader reader = new FileStorageReader()) {
            reader.read(tensor, piece -> {
                byte[] part = new byte[piece.remaining()];
                piece.get(part);
                bytes.writeBytes(part);
            });
            reader.verifyChecksums();
        }
        return bytes.toByteArray();
    }
}
