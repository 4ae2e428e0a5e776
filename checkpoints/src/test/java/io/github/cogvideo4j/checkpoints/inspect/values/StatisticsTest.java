package io.github.cogvideo4j.checkpoints.inspect.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.inspect.values.Statistics.TensorStatistics;
import io.github.cogvideo4j.checkpoints.internal.inspect.values.StatisticsSink;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    private static StatisticsSink sink(DType dtype, long elements) {
        return new StatisticsSink(new StoredTensor(
                "t",
                dtype,
                Shape.of(elements),
                new TensorData.Strided(
                        new io.github.cogvideo4j.formats.tensor.Storage.Plain(
                                java.nio.file.Path.of("none"),
                                "t",
                                0,
                                elements * dtype.bytes(),
                                ByteOrder.LITTLE_ENDIAN,
                                java.util.OptionalLong.empty()),
                        0,
                        List.of(1L))));
    }

    private static ByteBuffer doubles(double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            bytes.putDouble(value);
        }
        return bytes.flip();
    }

    @Test
    void nanAndInfinityAreCountedAndLeftOut() {
        StatisticsSink sink = sink(DType.F64, 7);
        sink.accept(doubles(1, Double.NaN, 3, Double.POSITIVE_INFINITY, -0.0, Double.NEGATIVE_INFINITY, 0));
        TensorStatistics found = sink.statistics();
        assertThat(found.count()).isEqualTo(7);
        assertThat(found.nans()).isEqualTo(1);
        assertThat(found.infinities()).isEqualTo(2);
        assertThat(found.zeros()).isEqualTo(2);
        assertThat(found.min()).isZero();
        assertThat(found.max()).isEqualTo(3);
        assertThat(found.mean()).isEqualTo(1);
        assertThat(found.standardDeviation()).isCloseTo(Math.sqrt(1.5), within(1e-15));
        assertThat(found.problems()).extracting(problem -> problem.code()).containsExactly(ProblemCode.NAN_INF);
    }

    /// A running sum of squares would give zero or nonsense here: the squares need 26 digits.
    @Test
    void aSmallSpreadAroundALargeMeanSurvives() {
        StatisticsSink sink = sink(DType.F64, 20_000);
        for (int i = 0; i < 10_000; i++) {
            sink.accept(doubles(1e9 - 1, 1e9 + 1));
        }
        assertThat(sink.statistics().mean()).isEqualTo(1e9);
        assertThat(sink.statistics().standardDeviation()).isCloseTo(1, within(1e-9));
    }

    @Property(tries = 200)
    void theChunksDoNotMatter(Generator generator) {
        List<Double> values = generator.list(2, 60, () -> generator.real(-1e6, 1e6));
        double mean = values.stream().mapToDouble(v -> v).average().orElseThrow();
        double variance = values.stream()
                .mapToDouble(v -> (v - mean) * (v - mean))
                .average()
                .orElseThrow();
        StatisticsSink apart = sink(DType.F64, values.size());
        values.forEach(value -> apart.accept(doubles(value)));
        assertThat(apart.statistics().mean()).isCloseTo(mean, within(1e-6));
        assertThat(apart.statistics().standardDeviation()).isCloseTo(Math.sqrt(variance), within(1e-5));
    }

    @Test
    void wideIntegersAreExact() {
        StatisticsSink sink = sink(DType.I64, 2);
        ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        sink.accept(bytes.putLong(16_777_217).putLong(-3).flip());
        assertThat(sink.statistics().max()).isEqualTo(16_777_217);
        assertThat(sink.statistics().min()).isEqualTo(-3);
    }

    /// torch in fp64 on the fixture: `x.min(), x.max(), x.mean(), x.std(correction=0)`.
    @Test
    void theNumbersAreThoseOfTorch() throws IOException {
        Checkpoint checkpoint =
                Checkpoints.open(Resources.fixture("sample-t2v-2b/reference/bf16-safe"), SourceOptions.defaults());
        List<StoredTensor> tensors =
                checkpoint.entries().stream().map(StateEntry::tensor).toList();
        TensorStatistics found = Statistics.of(tensors, 2, JobControl.none()).entrySet().stream()
                .filter(entry -> entry.getKey().name().equals("norm_out.linear.weight"))
                .findFirst()
                .orElseThrow()
                .getValue();
        assertThat(found.min()).isEqualTo(-0.2890625);
        assertThat(found.max()).isEqualTo(0.33203125);
        assertThat(found.mean()).isCloseTo(0.0019661364397810153, within(1e-15));
        assertThat(found.standardDeviation()).isCloseTo(0.08697714105695702, within(1e-15));
    }
}
