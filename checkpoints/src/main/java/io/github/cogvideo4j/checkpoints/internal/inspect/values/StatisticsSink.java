package io.github.cogvideo4j.checkpoints.internal.inspect.values;

import io.github.cogvideo4j.checkpoints.inspect.values.Statistics.TensorStatistics;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.nio.ByteBuffer;

/// A sink that gathers a tensor's statistics as its elements pass by.
///
/// Mean and spread are taken chunk by chunk and merged, which keeps every digit where a running sum of squares
/// would lose them. Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
/// sample variances" (1979).
public final class StatisticsSink implements TensorData.Sink {
    private final StoredTensor tensor;
    private final DoubleValues decoder;
    private long count;
    private long finite;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;
    private double mean;
    /// The sum of squared distances from the mean.
    private double squares;
    private long zeros;
    private long nans;

    public StatisticsSink(StoredTensor tensor) {
        this.tensor = tensor;
        this.decoder = new DoubleValues(tensor.dtype());
    }

    @Override
    public void accept(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            int decoded = decoder.decode(bytes);
            if (decoded == 0) {
                throw new IllegalArgumentException(bytes.remaining() + " bytes are no whole element");
            }
            add(decoder.values(), decoded);
        }
    }

    private void add(double[] values, int decoded) {
        count += decoded;
        int kept = 0;
        double sum = 0;
        for (int i = 0; i < decoded; i++) {
            double value = values[i];
            if (Double.isFinite(value)) {
                values[kept++] = value;
                sum += value;
                min = Math.min(min, value);
                max = Math.max(max, value);
                zeros += value == 0 ? 1 : 0;
            } else if (Double.isNaN(value)) {
                nans++;
            }
        }
        if (kept > 0) {
            merge(values, kept, sum / kept);
        }
    }

    private void merge(double[] values, int kept, double chunkMean) {
        double chunkSquares = 0;
        for (int i = 0; i < kept; i++) {
            double distance = values[i] - chunkMean;
            chunkSquares += distance * distance;
        }
        double shift = chunkMean - mean;
        long total = finite + kept;
        mean += shift * kept / total;
        squares += chunkSquares + shift * shift * ((double) finite * kept / total);
        finite = total;
    }

    public TensorStatistics statistics() {
        Place place = Place.nowhere().tensor(tensor.name());
        boolean matrix = tensor.shape().rank() > 1 && tensor.dtype().isFloatingPoint();
        return new TensorStatistics(
                count,
                finite,
                finite == 0 ? Double.NaN : min,
                finite == 0 ? Double.NaN : max,
                finite == 0 ? Double.NaN : mean,
                finite == 0 ? Double.NaN : Math.sqrt(squares / finite),
                zeros,
                nans,
                count - finite - nans,
                decoder.scan().problems(place).stream()
                        .filter(problem -> matrix || problem.code() != ProblemCode.ALL_ZERO)
                        .toList());
    }
}
