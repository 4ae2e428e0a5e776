package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.internal.lora.TruncatedSvd;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.LowRank;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.assertj.core.data.Offset;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The approximation is the best one: its error is what a full decomposition discards.
class LoraExtractionTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "60,  40,  5,  GEOMETRIC",
        "60,  40,  40, GEOMETRIC",
        "40,  90,  40, HARMONIC",
        "40,  90,  12, HARMONIC",
        "200, 150, 10, GEOMETRIC",
        "150, 201, 32, HARMONIC",
        "90,  90,  8,  STEP",
        "90,  90,  3,  STEP",
        "33,  1,   1,  HARMONIC",
        "1,   7,   1,  HARMONIC",
    })
    void theErrorIsTheDiscardedSingularValues(int rows, int columns, int rank, Spectrum spectrum) {
        DMatrixRMaj matrix = matrix(rows, columns, spectrum);
        double[] singular = singularValues(matrix);
        double tail = 0;
        for (int i = rank; i < singular.length; i++) {
            tail += singular[i] * singular[i];
        }
        tail = Math.sqrt(tail);
        double norm = NormOps_DDRM.normF(matrix);
        try (Arena arena = Arena.ofConfined()) {
            TruncatedSvd svd = TruncatedSvd.of(floats(arena, matrix), rank);
            DMatrixRMaj error = matrix.copy();
            CommonOps_DDRM.multAdd(-1, svd.b(), svd.a(), error);
            assertThat(svd.b().numCols).isEqualTo(rank);
            assertThat(NormOps_DDRM.normF(error)).isBetween(tail - 1e-6 * norm, tail * 1.001 + 1e-6 * norm);
            for (int i = 0; i < rank; i++) {
                assertThat(svd.singular().get(i))
                        .isCloseTo(singular[i], Offset.offset(2e-3 * singular[i] + 1e-6 * norm));
            }
        }
    }

    enum Spectrum {
        GEOMETRIC(i -> Math.pow(0.8, i)),
        HARMONIC(i -> 1.0 / (i + 1)),
        STEP(i -> i < 8 ? 5 : 0.01);

        private final IntToDoubleFunction value;

        Spectrum(IntToDoubleFunction value) {
            this.value = value;
        }
    }

    /// A model to which an adapter of rank 4 was fused gives that rank back, whole.
    @Test
    void whatWasFusedIsExtractedAgain() throws IOException {
        Path base = Resources.fixture("lora-ddp-bf16-w2/base/transformer");
        Path fused = Resources.fixture("lora-ddp-bf16-w2/reference/fused-1.0");
        LoraExtraction.Result done = extract(base, fused, 4, List.of());
        assertThat(done.layers()).hasSize(8).allSatisfy(layer -> {
            assertThat(layer.rank()).isEqualTo(4);
            assertThat(layer.kept()).isBetween(0.9999, 1.0);
        });
        assertThat(done.outside()).isZero();
        LoraAdapter adapter = LoraAdapter.open(done.file());
        assertThat(adapter.recordsAlpha()).isTrue();
        requireEqual(open(base), open(fused), adapter, 1e-6f);
        assertThat(extract(base, fused, 1, List.of("attn1.to_q")).layers())
                .hasSize(2)
                .allSatisfy(layer -> assertThat(layer.weight()).endsWith("attn1.to_q.weight"));
    }

    /// At full rank nothing is lost but the last digit of fp32, from a training checkpoint.
    @Test
    void atFullRankTheFineTunedWeightsComeBack() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b/transformer");
        Path trained = Resources.fixture("sample-t2v-2b/output/checkpoint-3");
        LoraExtraction.Result done = extract(base, trained, 100_000, List.of());
        assertThat(done.layers()).allSatisfy(layer -> assertThat(layer.kept()).isCloseTo(1, Offset.offset(1e-9)));
        assertThat(done.kept() + done.outside()).isCloseTo(1, Offset.offset(1e-6));
        requireEqual(open(base), open(trained), LoraAdapter.open(done.file()), 0);
    }

    @Test
    void equalModelsHaveNothingToExtract() {
        Path base = Resources.fixture("lora-ddp-bf16-w2/base/transformer");
        assertThatThrownBy(() -> extract(base, base, 4, List.of())).hasMessageContaining("all-zero");
    }

    @Test
    void differentModelsAreRefused() {
        Path base = Resources.fixture("lora-ddp-bf16-w2/base/transformer");
        Path other = Resources.golden("pipelines/t2v-2b/transformer");
        assertThatThrownBy(() -> extract(base, other, 4, List.of())).hasMessageContaining("shape-mismatch");
    }

    private LoraExtraction.Result extract(Path base, Path model, int rank, List<String> targets) throws IOException {
        return LoraExtraction.extract(
                open(base),
                open(model),
                folder.resolve("lora"),
                new LoraExtraction.Options(rank, targets, 2, true, Optional.empty()),
                JobControl.none());
    }

    private static Checkpoint open(Path path) throws IOException {
        return Checkpoints.open(path, SourceOptions.defaults());
    }

    /// The base with the adapter fused is the model, within the rounding of fp32 or the given error.
    private static void requireEqual(Checkpoint base, Checkpoint model, LoraAdapter adapter, float error)
            throws IOException {
        Checkpoint again =
                LoraFusion.fuse(base, List.of(new AppliedAdapter(adapter, 1, OptionalDouble.empty())), false);
        for (var entry : again.entries()) {
            LowRank layer = LoraFusionTest.factors(adapter, entry.name());
            if (layer == null) {
                continue;
            }
            float[] wanted = AdapterFiles.values(model.entries().stream()
                    .filter(other -> other.name().equals(entry.name()))
                    .findFirst()
                    .orElseThrow()
                    .tensor());
            float[] found = AdapterFiles.values(entry.tensor());
            if (error > 0) {
                assertThat(found).containsExactly(wanted, Offset.offset(error));
            } else {
                float[] weight = AdapterFiles.values(base.entries().stream()
                        .filter(other -> other.name().equals(entry.name()))
                        .findFirst()
                        .orElseThrow()
                        .tensor());
                LoraFusionTest.requireClose(entry.name(), found, wanted, weight, layer, 1);
            }
        }
    }

    private static DMatrixRMaj matrix(int rows, int columns, Spectrum spectrum) {
        Random random = new Random(rows * 31L + columns);
        int count = Math.min(rows, columns);
        DMatrixRMaj left = RandomMatrices_DDRM.orthogonal(rows, count, random);
        DMatrixRMaj right = RandomMatrices_DDRM.orthogonal(columns, count, random);
        for (int i = 0; i < count; i++) {
            for (int r = 0; r < rows; r++) {
                left.set(r, i, left.get(r, i) * spectrum.value.applyAsDouble(i));
            }
        }
        DMatrixRMaj product = new DMatrixRMaj(rows, columns);
        CommonOps_DDRM.multTransB(left, right, product);
        return product;
    }

    private static double[] singularValues(DMatrixRMaj matrix) {
        SingularValueDecomposition_F64<DMatrixRMaj> svd =
                DecompositionFactory_DDRM.svd(matrix.numRows, matrix.numCols, false, false, true);
        assertThat(svd.decompose(matrix.copy())).isTrue();
        double[] values = svd.getSingularValues().clone();
        java.util.Arrays.sort(values);
        double[] descending = new double[Math.min(matrix.numRows, matrix.numCols)];
        for (int i = 0; i < descending.length; i++) {
            descending[i] = values[values.length - 1 - i];
        }
        return descending;
    }

    private static FloatMatrix floats(Arena arena, DMatrixRMaj matrix) {
        FloatMatrix floats = FloatMatrix.allocate(arena, matrix.numRows, matrix.numCols);
        for (int i = 0; i < matrix.data.length; i++) {
            floats.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) matrix.data[i]);
        }
        return floats;
    }
}
