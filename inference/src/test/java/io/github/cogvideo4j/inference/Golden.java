package io.github.cogvideo4j.inference;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import tools.jackson.databind.JsonNode;

/// One golden file: the reference's inputs and outputs, and how far an implementation may be from them.
public final class Golden implements AutoCloseable {
    private static final long LONGEST_SIDECAR = 8 << 20;

    private final Path folder;
    private final JsonNode sidecar;
    private final SafetensorsFile file;
    private final Arena arena = Arena.ofShared();

    private Golden(Path folder, JsonNode sidecar) throws IOException {
        this.folder = folder;
        this.sidecar = sidecar;
        this.file = SafetensorsFile.open(
                folder.resolve(sidecar.path("file").stringValue()), Strictness.STRICT, new Warnings());
    }

    /// Opens `golden/NAME.json` and its tensors: `open("transformer/t2v-2b_b1_f3_6x10_t226_fp32")`.
    public static Golden open(String name) throws IOException {
        return open(Resources.golden(name + ".json"));
    }

    /// Opens a sidecar and its tensors.
    public static Golden open(Path json) throws IOException {
        return new Golden(json.getParent(), JsonFile.readObject(json, LONGEST_SIDECAR, ProblemCode.CONFIG_INVALID));
    }

    /// The type in which the reference computed.
    public Precision precision() {
        return Precision.valueOf(meta().path("dtype").stringValue().toUpperCase(Locale.ROOT));
    }

    /// The names of all golden files of a folder that start with a prefix, for parameterised tests.
    public static List<String> names(String folder, String prefix) {
        try (Stream<Path> files = Files.list(Resources.golden(folder))) {
            return files.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith(prefix) && name.endsWith(".safetensors"))
                    .map(name -> folder + "/" + name.substring(0, name.length() - ".safetensors".length()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What the sidecar says of the call: configuration, arguments, seeds.
    public JsonNode meta() {
        return sidecar.path("meta");
    }

    /// The whole sidecar.
    public JsonNode sidecar() {
        return sidecar;
    }

    /// Whether there is an output of this name.
    public boolean hasOutput(String name) {
        return file.tensor("out." + name).isPresent();
    }

    /// Whether there is an input of this name, here or in the fp32 sibling.
    public boolean hasInput(String name) {
        return file.tensor("in." + name).isPresent()
                || sidecar.path("inputs_from").path("tensors").has("in." + name);
    }

    /// The names of the outputs, without `out.`.
    public List<String> outputs() {
        return file.tensors().stream()
                .map(StoredTensor::name)
                .filter(name -> name.startsWith("out."))
                .map(name -> name.substring(4))
                .sorted()
                .toList();
    }

    /// An input. Half-precision files take theirs from the fp32 sibling, cast as the sidecar says.
    public Tensor in(String name) throws IOException {
        String key = "in." + name;
        if (file.tensor(key).isPresent()) {
            return tensor(file, key);
        }
        JsonNode from = sidecar.path("inputs_from");
        SafetensorsFile sibling = SafetensorsFile.open(
                folder.resolve(from.path("file").stringValue()), Strictness.STRICT, new Warnings());
        return tensor(sibling, key).to(type(from.path("tensors").path(key).stringValue()));
    }

    /// An output of the reference.
    public Tensor out(String name) throws IOException {
        return tensor(file, "out." + name);
    }

    /// Fails unless the tensor equals the reference's output in type, shape and every bit.
    public void assertEqual(String name, Tensor actual) throws IOException {
        try (PointerScope _ = new PointerScope()) {
            Tensor expected = out(name);
            assertSameKind(name, actual, expected);
            Tensor ours = actual.contiguous().view(ScalarType.Byte).reshape(-1);
            Tensor theirs = expected.contiguous().view(ScalarType.Byte).reshape(-1);
            assertThat(torch.equal(ours, theirs))
                    .as(() -> "%s: %s is not equal to the bit, farthest by %s"
                            .formatted(sidecar.path("name").stringValue(), name, farthest(actual, expected)))
                    .isTrue();
        }
    }

    /// Fails unless the tensor is within the sidecar's tolerance of the reference's output: every element in
    /// fp32, the root mean square in half precision.
    ///
    /// @param leastFp32 the bound of golden/README.md where the sidecar's own is lower: another order of
    ///                  summation moves such tensors by as much
    public void assertClose(String name, Tensor actual, double leastFp32) throws IOException {
        try (PointerScope _ = new PointerScope()) {
            Tensor expected = out(name);
            assertSameKind(name, actual, expected);
            JsonNode tolerance = sidecar.path("tolerance").path(name);
            boolean half = List.of(ScalarType.BFloat16, ScalarType.Half)
                    .contains(expected.scalar_type().intern());
            String label = sidecar.path("name").stringValue() + ": " + name;
            if (!half) {
                assertThat(farthest(actual, expected))
                        .as(label)
                        .isLessThanOrEqualTo(Math.max(
                                leastFp32, tolerance.path("suggested_atol").doubleValue()));
            } else {
                assertThat(rootMeanSquare(actual, expected))
                        .as(label + " (rms)")
                        .isLessThanOrEqualTo(halfPrecisionBound(tolerance));
            }
        }
    }

    /// Some sidecars give the root mean square relative to the reference's own.
    private static double halfPrecisionBound(JsonNode tolerance) {
        return tolerance.has("suggested_rms")
                ? tolerance.path("suggested_rms").doubleValue()
                : tolerance.path("suggested_rel_rms").doubleValue()
                        * tolerance.path("rms").doubleValue();
    }

    /// The root mean square that the sidecar gives for the reference's output.
    public double rms(String name) {
        return sidecar.path("tolerance").path(name).path("rms").doubleValue();
    }

    private static void assertSameKind(String name, Tensor actual, Tensor expected) {
        assertThat(actual.shape()).as(name).isEqualTo(expected.shape());
        assertThat(actual.scalar_type().intern())
                .as(name)
                .isEqualTo(expected.scalar_type().intern());
    }

    private static double farthest(Tensor actual, Tensor expected) {
        return difference(actual, expected).abs().max().item_double();
    }

    private static double rootMeanSquare(Tensor actual, Tensor expected) {
        return Math.sqrt(difference(actual, expected).square().mean().item_double());
    }

    private static Tensor difference(Tensor actual, Tensor expected) {
        return actual.to(ScalarType.Double).sub(expected.to(ScalarType.Double));
    }

    private Tensor tensor(SafetensorsFile source, String key) throws IOException {
        StoredTensor stored = source.tensor(key).orElseThrow();
        MemorySegment memory = arena.allocate(Math.max(1, stored.byteLength()), 64);
        long[] done = {0};
        try (FileStorageReader reader = new FileStorageReader()) {
            reader.read(stored, bytes -> {
                long length = bytes.remaining();
                MemorySegment.copy(MemorySegment.ofBuffer(bytes), 0, memory, done[0], length);
                done[0] += length;
                bytes.position(bytes.limit());
            });
        }
        long[] shape =
                stored.shape().sizes().stream().mapToLong(Long::longValue).toArray();
        return NativeMemory.view(memory, type(stored.dtype().torchName()), shape);
    }

    private static ScalarType type(String torchName) {
        return switch (torchName) {
            case "float32" -> ScalarType.Float;
            case "bfloat16" -> ScalarType.BFloat16;
            case "float16" -> ScalarType.Half;
            case "float64" -> ScalarType.Double;
            case "int64" -> ScalarType.Long;
            case "int32" -> ScalarType.Int;
            case "int8" -> ScalarType.Char;
            case "uint8" -> ScalarType.Byte;
            case "bool" -> ScalarType.Bool;
            default -> throw new IllegalArgumentException("no tensor type " + torchName);
        };
    }

    @Override
    public void close() {
        arena.close();
    }
}
