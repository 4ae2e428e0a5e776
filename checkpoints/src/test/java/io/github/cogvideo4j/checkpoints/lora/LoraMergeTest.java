package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.TinySafetensors.Tensor;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Merged adapters against the sums of the products, computed here in the plainest way.
class LoraMergeTest {
    private static final Path ONE = Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3");
    private static final Path OTHER = Resources.fixture("lora-alpha-ddp-bf16-w2/output/checkpoint-3");
    private static final String FILE = "pytorch_lora_weights.safetensors";

    @TempDir
    Path folder;

    @Test
    void sideBySideNothingIsLost() throws IOException {
        LoraMerge.Result merged = merge(List.of(ONE, OTHER), List.of(1.0, 0.5), OptionalInt.empty());
        assertThat(merged.kept()).isEqualTo(1);
        assertThat(merged.layers())
                .hasSize(8)
                .allSatisfy(layer -> assertThat(layer.rank()).isEqualTo(8));
        requireSum(merged.file(), 1, 0.5, 1e-6);
        LoraAdapter written = LoraAdapter.open(merged.file());
        assertThat(written.recordsAlpha()).isTrue();
        assertThat(written.layers())
                .allSatisfy(layer -> assertThat(layer.factor()).isEqualTo(1));
    }

    /// The error of the best approximation is what the singular values say that it is.
    @Test
    void whatASmallerRankLosesIsTold() throws IOException {
        LoraMerge.Result merged = merge(List.of(ONE, OTHER), List.of(1.0, 0.5), OptionalInt.of(5));
        double error = 0;
        double all = 0;
        Map<String, double[][]> wanted = sums(1, 0.5);
        Map<String, double[][]> found = products(TinySafetensors.read(merged.file()));
        for (LoraMerge.Layer layer : merged.layers()) {
            double[] squares = squares(
                    Objects.requireNonNull(wanted.get(layer.module())),
                    Objects.requireNonNull(found.get(layer.module())));
            assertThat(layer.rank()).isEqualTo(5);
            assertThat(1 - layer.kept()).isCloseTo(squares[0] / squares[1], within(1e-6));
            error += squares[0];
            all += squares[1];
        }
        assertThat(merged.kept()).isLessThan(1);
        assertThat(1 - merged.kept()).isCloseTo(error / all, within(1e-6));
    }

    /// Two adapters of the same columns have a sum of their rank.
    @Test
    void aRankThatSufficesIsExact() throws IOException {
        Path copy = folder.resolve("copy.safetensors");
        Files.copy(ONE.resolve(FILE), copy);
        LoraMerge.Result merged = merge(List.of(ONE, copy), List.of(0.25, 0.5), OptionalInt.of(4));
        assertThat(merged.layers()).allSatisfy(layer -> {
            assertThat(layer.sum()).isEqualTo(8);
            assertThat(layer.rank()).isEqualTo(4);
            assertThat(layer.kept()).isCloseTo(1, within(1e-9));
        });
        Map<String, double[][]> found = products(TinySafetensors.read(merged.file()));
        products(TinySafetensors.read(ONE.resolve(FILE))).forEach((module, product) -> {
            for (double[] row : product) {
                for (int i = 0; i < row.length; i++) {
                    row[i] *= 0.75;
                }
            }
            double[] squares = squares(product, Objects.requireNonNull(found.get(module)));
            assertThat(squares[0]).isLessThanOrEqualTo(1e-12 * squares[1]);
        });
    }

    /// Training begins with matrices of zeros, so a layer may have nothing but those.
    @Test
    void anAdapterOfZerosAddsNothing() throws IOException {
        Path zeros = folder.resolve("zeros.safetensors");
        ByteBuffer bytes =
                ByteBuffer.wrap(Files.readAllBytes(ONE.resolve(FILE))).order(ByteOrder.LITTLE_ENDIAN);
        int head = Long.BYTES + (int) bytes.getLong(0);
        Arrays.fill(bytes.array(), head, bytes.capacity(), (byte) 0);
        Files.write(zeros, bytes.array());
        LoraMerge.Result merged = merge(List.of(ONE, zeros), List.of(1.0, 1.0), OptionalInt.of(4));
        assertThat(merged.kept()).isCloseTo(1, within(1e-9));
        Map<String, double[][]> found = products(TinySafetensors.read(merged.file()));
        products(TinySafetensors.read(ONE.resolve(FILE))).forEach((module, product) -> {
            double[] squares = squares(product, Objects.requireNonNull(found.get(module)));
            assertThat(squares[0]).isLessThanOrEqualTo(1e-12 * squares[1]);
        });
        Path copy = Files.copy(zeros, folder.resolve("copy.safetensors"));
        Files.delete(merged.file());
        LoraMerge.Result nothing = merge(List.of(zeros, copy), List.of(1.0, 1.0), OptionalInt.of(2));
        assertThat(nothing.kept()).isEqualTo(1);
        products(TinySafetensors.read(nothing.file()))
                .values()
                .forEach(product -> assertThat(Arrays.stream(product).flatMapToDouble(Arrays::stream))
                        .containsOnly(0.0));
    }

    @Test
    void anAlphaThatIsGivenCounts() throws IOException {
        MergeRequest request = MergeRequest.of(List.of(ONE, OTHER), folder.resolve("merged"))
                .withArithmetic(new Arithmetic(
                        MergeMethod.AVERAGE,
                        List.of(1.0, 1.0),
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        OptionalInt.empty(),
                        List.of(2.0, 16.0)));
        LoraMerge.Result merged =
                request.plan(JobControl.none()).run(JobControl.none()).adapter().orElseThrow();
        requireSum(merged.file(), 0.5, 4, 1e-6);
    }

    @Test
    void factorsAreWrittenInTheTypeThatIsWanted() throws IOException {
        MergeRequest request = MergeRequest.of(List.of(ONE, OTHER), folder.resolve("merged"))
                .withOptions(ConversionOptions.defaults().withDType(TargetDType.BF16));
        LoraMerge.Result merged =
                request.plan(JobControl.none()).run(JobControl.none()).adapter().orElseThrow();
        assertThat(TinySafetensors.read(merged.file()).values())
                .extracting(Tensor::dtype)
                .containsOnly(DType.BF16);
    }

    /// Under ZeRO-3 the trainer's own file holds empty matrices, and only the state has them.
    @Test
    void theStateIsTakenWhereTheFileIsEmpty() throws IOException {
        Path zero3 = Resources.fixture("lora-zero3-bf16-w2/output/checkpoint-3");
        LoraMerge.Result merged = merge(List.of(zero3, ONE), List.of(1.0, 0.0), OptionalInt.empty());
        Map<String, Tensor> held =
                TinySafetensors.read(Resources.fixture("lora-zero3-bf16-w2/live-master.safetensors"));
        Map<String, Tensor> named = new java.util.TreeMap<>();
        held.forEach((name, tensor) -> named.put("transformer." + name.replace(".default.", "."), tensor));
        Map<String, double[][]> found = products(TinySafetensors.read(merged.file()));
        Map<String, double[][]> wanted = products(named);
        assertThat(wanted).hasSize(8);
        wanted.forEach((module, product) -> {
            double[] squares = squares(product, Objects.requireNonNull(found.get(module)));
            assertThat(squares[0]).isLessThanOrEqualTo(1e-12 * squares[1]);
        });
    }

    @Test
    void whatIsNoPlainProductIsRefusedByName() {
        Path dora = Resources.fixture("lora-dialects/peft-dora");
        if (Files.exists(dora)) {
            assertThatThrownBy(() -> merge(List.of(dora, ONE), List.of(1.0, 1.0), OptionalInt.empty()))
                    .isInstanceOf(InvalidCheckpointException.class);
        }
        assertThatThrownBy(() -> MergeRequest.of(List.of(ONE, OTHER), folder.resolve("merged"))
                        .withArithmetic(Arithmetic.of(MergeMethod.TIES))
                        .plan(JobControl.none()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("ties");
    }

    @Test
    void adaptersForOtherLayersAreRefused() {
        Path other = Resources.fixture("any-lora-wan21-zero2-bf16-w2/output/checkpoint-3");
        assertThatThrownBy(() -> merge(List.of(ONE, other), List.of(1.0, 1.0), OptionalInt.empty()))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isIn(ProblemCode.SHAPE_MISMATCH, ProblemCode.EXTRA_TENSOR));
    }

    @Test
    void anOutputThatIsThereOrInASourceIsRefused() throws IOException {
        Path source = folder.resolve("source");
        Files.createDirectories(source);
        Files.copy(ONE.resolve(FILE), source.resolve(FILE));
        assertThatThrownBy(() -> MergeRequest.of(List.of(source, OTHER), source).plan(JobControl.none()))
                .isInstanceOf(OutputException.class);
        merge(List.of(ONE, OTHER), List.of(1.0, 1.0), OptionalInt.empty());
        assertThatThrownBy(() -> merge(List.of(ONE, OTHER), List.of(1.0, 1.0), OptionalInt.empty()))
                .isInstanceOf(OutputException.class);
    }

    private LoraMerge.Result merge(List<Path> adapters, List<Double> weights, OptionalInt rank) throws IOException {
        return MergeRequest.of(adapters, folder.resolve("merged"))
                .withArithmetic(new Arithmetic(
                        MergeMethod.AVERAGE, weights, OptionalDouble.empty(), OptionalDouble.empty(), rank, List.of()))
                .plan(JobControl.none())
                .run(JobControl.none())
                .adapter()
                .orElseThrow();
    }

    private static void requireSum(Path merged, double first, double second, double share) {
        Map<String, double[][]> found = products(TinySafetensors.read(merged));
        sums(first, second).forEach((module, wanted) -> {
            double[] squares = squares(wanted, Objects.requireNonNull(found.get(module)));
            assertThat(Math.sqrt(squares[0])).as(module).isLessThanOrEqualTo(share * Math.sqrt(squares[1]));
        });
    }

    private static Map<String, double[][]> sums(double first, double second) {
        Map<String, double[][]> sums = products(TinySafetensors.read(ONE.resolve(FILE)));
        Map<String, double[][]> others = products(TinySafetensors.read(OTHER.resolve(FILE)));
        assertThat(others.keySet()).isEqualTo(sums.keySet());
        sums.forEach((module, sum) -> {
            double[][] other = Objects.requireNonNull(others.get(module));
            for (int i = 0; i < sum.length; i++) {
                for (int j = 0; j < sum[i].length; j++) {
                    sum[i][j] = first * sum[i][j] + second * other[i][j];
                }
            }
        });
        return sums;
    }

    /// The squared norms of the difference and of what was wanted.
    private static double[] squares(double[][] wanted, double[][] found) {
        double[] squares = new double[2];
        for (int i = 0; i < wanted.length; i++) {
            for (int j = 0; j < wanted[i].length; j++) {
                squares[0] += Math.pow(wanted[i][j] - found[i][j], 2);
                squares[1] += wanted[i][j] * wanted[i][j];
            }
        }
        return squares;
    }

    private static Map<String, double[][]> products(Map<String, Tensor> tensors) {
        Map<String, double[][]> products = new java.util.TreeMap<>();
        tensors.forEach((name, a) -> {
            if (name.endsWith(".lora_A.weight")) {
                String module = name.substring("transformer.".length(), name.length() - ".lora_A.weight".length());
                Tensor b = Objects.requireNonNull(tensors.get("transformer." + module + ".lora_B.weight"));
                int rank = (int) a.shape().size(0);
                int columns = (int) a.shape().size(1);
                int rows = (int) b.shape().size(0);
                double[][] product = new double[rows][columns];
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < columns; j++) {
                        for (int k = 0; k < rank; k++) {
                            product[i][j] += (double) b.bytes().getFloat((i * rank + k) * 4)
                                    * a.bytes().getFloat((k * columns + j) * 4);
                        }
                    }
                }
                products.put(module, product);
            }
        });
        return products;
    }
}
