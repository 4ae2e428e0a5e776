package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.internal.cast.CastingSink;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The findings about a tensor's values, once all of them were read.
///
/// @param tensor the tensor
/// @param scan   what was noticed
public record TensorValues(StoredTensor tensor, ValueScan scan) {
    /// Reads every value. The caller owns the reader, and so the check of its checksums.
    ///
    /// @param threads how many tensors at once
    public static List<TensorValues> read(
            FileStorageReader reader, List<StoredTensor> tensors, int threads, JobControl control) throws IOException {
        control.begin(
                Phase.VERIFYING,
                tensors.stream().mapToLong(StoredTensor::byteLength).sum());
        return ParallelTensors.map(tensors, threads, tensor -> {
            CastingSink scan = new CastingSink(tensor, tensor.dtype(), bytes -> bytes.position(bytes.limit()));
            reader.read(tensor, counted(control, scan));
            return new TensorValues(tensor, scan.values());
        });
    }

    /// The warnings about the values: NaN, Inf, overflow, and zeros where the tensor is a matrix (a bias of
    /// zeros is how training begins).
    public List<Problem> problems(Path place) {
        return scan.problems(Place.of(place).tensor(tensor.name())).stream()
                .filter(problem ->
                        problem.code() != ProblemCode.ALL_ZERO || tensor.shape().rank() > 1)
                .toList();
    }

    /// A sink that also reports the progress of the reading.
    static TensorData.Sink counted(JobControl control, TensorData.Sink sink) {
        return bytes -> {
            int length = bytes.remaining();
            sink.accept(bytes);
            control.advance(length);
        };
    }
}
