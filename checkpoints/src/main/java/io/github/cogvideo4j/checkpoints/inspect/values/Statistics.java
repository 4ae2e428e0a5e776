package io.github.cogvideo4j.checkpoints.inspect.values;

import io.github.cogvideo4j.checkpoints.internal.inspect.values.DoubleValues;
import io.github.cogvideo4j.checkpoints.internal.inspect.values.StatisticsSink;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// A reader of tensors for their statistics, several at a time, each streamed through a bounded buffer.
public final class Statistics {
    private Statistics() {}

    /// The statistics by tensor, in order. Complex and packed elements have none.
    ///
    /// @param tensors  the tensors
    /// @param threads  how many at once
    /// @param control receives the number of bytes that are done
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `bad-crc` when a storage is not what its
    /// checksum says
    public static SequencedMap<StoredTensor, TensorStatistics> of(
            List<StoredTensor> tensors, int threads, JobControl control) throws IOException {
        control.begin(
                Phase.READING,
                tensors.stream().mapToLong(StoredTensor::byteLength).sum());
        SequencedMap<StoredTensor, TensorStatistics> statistics = new LinkedHashMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            List<Optional<TensorStatistics>> found =
                    new ArrayList<>(ParallelTensors.map(tensors, threads, tensor -> read(reader, tensor, control)));
            for (StoredTensor tensor : tensors) {
                found.removeFirst().ifPresent(known -> statistics.put(tensor, known));
            }
            reader.verifyChecksums();
        }
        return statistics;
    }

    private static Optional<TensorStatistics> read(FileStorageReader reader, StoredTensor tensor, JobControl control)
            throws IOException {
        if (!DoubleValues.canDecode(tensor.dtype())) {
            return Optional.empty();
        }
        StatisticsSink sink = new StatisticsSink(tensor);
        reader.read(tensor, bytes -> {
            int length = bytes.remaining();
            sink.accept(bytes);
            control.advance(length);
        });
        return Optional.of(sink.statistics());
    }

    /// Statistics of a tensor's values. NaN and infinite ones are counted and left out of everything else.
    ///
    /// @param count              how many elements
    /// @param finite             how many of them are finite
    /// @param min                the smallest; NaN when none is finite
    /// @param max                the largest
    /// @param mean               the mean
    /// @param standardDeviation  the square root of the mean squared distance from the mean (divided by the
    ///                           number of elements, as `torch.std(correction=0)`)
    /// @param zeros              how many are zero, of either sign
    /// @param nans               how many are not a number
    /// @param infinities         how many are infinite
    /// @param problems           what of it is suspicious: `nan-inf`, and `all-zero` for a matrix
    public record TensorStatistics(
            long count,
            long finite,
            double min,
            double max,
            double mean,
            double standardDeviation,
            long zeros,
            long nans,
            long infinities,
            List<Problem> problems) {
        /// Copies the list.
        public TensorStatistics {
            problems = List.copyOf(problems);
        }
    }
}
