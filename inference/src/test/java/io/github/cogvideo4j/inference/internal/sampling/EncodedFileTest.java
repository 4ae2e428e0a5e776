package io.github.cogvideo4j.inference.internal.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.VideoCoder;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EncodedFileTest {
    private static final long[] SHAPE = {1, 16, 2, 3, 5};

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @ParameterizedTest
    @CsvSource({"encoded.pt, BF16", "encoded.pth, FP32", "encoded.pt, FP16", "encoded.safetensors, BF16"})
    void whatWasWrittenIsRead(String name, Precision precision) throws IOException {
        Path file = folder.resolve(name);
        try (HostTensor latents = HostTensor.allocate(precision, SHAPE)) {
            for (long i = 0; i < latents.values().byteSize(); i++) {
                latents.values().set(ValueLayout.JAVA_BYTE, i, (byte) (i % 61));
            }
            TensorFile.write(file, false, latents.entry(VideoCoder.TENSOR));
            try (HostTensor read = new EncodedFile(file, 16).read()) {
                assertThat(read.precision()).isEqualTo(precision);
                assertThat(read.shape()).isEqualTo(SHAPE);
                assertThat(read.values().mismatch(latents.values())).isEqualTo(-1);
            }
        }
    }

    @Test
    void theContentsCountAndNotTheName() throws IOException {
        Path file = folder.resolve("encoded.pt");
        try (HostTensor latents = HostTensor.allocate(Precision.BF16, SHAPE)) {
            TensorFile.write(file, false, latents.entry(VideoCoder.TENSOR));
        }
        Path renamed = Files.move(file, folder.resolve("encoded.safetensors"));
        try (HostTensor read = new EncodedFile(renamed, 16).read()) {
            assertThat(read.shape()).isEqualTo(SHAPE);
        }
    }

    /// Files that torch wrote.
    @ParameterizedTest
    @ValueSource(strings = {"zoo.pt", "zoo-legacy.pt", "list.pt", "nested-state_dict.pt"})
    void whatIsNotOneTensorIsRefused(String name) {
        assertRefused(Resources.fixture("torch-zoo/input/" + name), "something other than one tensor");
    }

    @Test
    void aTensorOfAnotherShapeOrTypeIsRefused() throws IOException {
        assertRefused(Resources.fixture("torch-zoo/input/bare-tensor.pt"), "[1, 16, frames, height, width]");
        assertRefused(written(DType.F32, 16, 2, 3, 5), "[1, 16, frames, height, width]");
        assertRefused(written(DType.F32, 2, 16, 2, 3, 5), "the shape [2, 16, 2, 3, 5]");
        assertRefused(written(DType.F32, 1, 4, 2, 3, 5), "the shape [1, 4, 2, 3, 5]");
        assertRefused(written(DType.F32, 1, 16, 0, 3, 5), "the shape [1, 16, 0, 3, 5]");
        assertRefused(written(DType.I64, SHAPE), "fp32, bf16 or fp16");
        assertRefused(written(DType.U8, SHAPE), "fp32, bf16 or fp16");
        assertRefused(
                Resources.golden("pipelines/t2v-2b/vae/diffusion_pytorch_model.safetensors"), "no tensor encoded");
    }

    @Test
    void latentsThatAreNoNumbersAreRefused() throws IOException {
        try (HostTensor latents = HostTensor.allocate(Precision.FP32, SHAPE)) {
            latents.values().asByteBuffer().order(ByteOrder.nativeOrder()).putFloat(64, Float.NaN);
            Path file = folder.resolve("nan.pt");
            TensorFile.write(file, false, latents.entry(VideoCoder.TENSOR));
            assertRefused(file, "NaN");
        }
    }

    @Test
    void aDamagedFileIsRefused() throws IOException {
        Path whole = written(DType.F32, SHAPE);
        byte[] bytes = Files.readAllBytes(whole);
        bytes[bytes.length / 2] ^= 1;
        assertFormat(Files.write(folder.resolve("flipped.pt"), bytes), ProblemCode.BAD_CRC);
        Path cut = Files.write(folder.resolve("cut.pt"), Arrays.copyOf(bytes, bytes.length / 2));
        assertFormat(cut, ProblemCode.TRUNCATED);
        assertFormat(Files.createFile(folder.resolve("empty.pt")), ProblemCode.TRUNCATED);
        assertFormat(Files.writeString(folder.resolve("text.pt"), "hello"), ProblemCode.UNKNOWN_CONTAINER);
        assertFormat(folder, ProblemCode.UNSAFE_PATH);
    }

    @Test
    void aFileThatWouldRunCodeIsRefused() {
        assertFormat(Resources.fixture("torch-zoo/input/whole-module.pt"), ProblemCode.UNSAFE_PICKLE);
    }

    private Path written(DType dtype, long... shape) throws IOException {
        Path file = folder.resolve(dtype + Arrays.toString(shape) + ".pt");
        long bytes = Arrays.stream(shape).reduce(dtype.bytes(), Math::multiplyExact);
        TensorFile.write(
                file,
                false,
                new TensorFile.Entry(
                        "any", dtype, Shape.of(shape), MemorySegment.ofArray(new byte[Math.toIntExact(bytes)])));
        return file;
    }

    private static void assertRefused(Path file, String part) {
        assertThatThrownBy(() -> new EncodedFile(file, 16).read())
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.VIDEO);
                    assertThat(e.problem().place().file()).contains(file);
                    assertThat(e.problem().message().text()).contains(part);
                });
    }

    private static void assertFormat(Path file, ProblemCode code) {
        assertThatThrownBy(() -> new EncodedFile(file, 16).read())
                .isInstanceOfSatisfying(
                        FormatException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(code));
    }
}
