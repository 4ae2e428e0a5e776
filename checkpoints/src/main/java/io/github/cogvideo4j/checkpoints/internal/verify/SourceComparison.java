package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.cast.CastingSink;
import io.github.cogvideo4j.checkpoints.internal.cast.SequentialTensor;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// The comparison of a folder's weights with the checkpoint they were made from: every tensor is made again from
/// the source, in the dtype that the folder has it in, and compared to the bit.
public final class SourceComparison {
    private final FileStorageReader reader;
    private final JobControl control;

    /// A tensor of the source and its counterpart in the folder.
    private record Pair(StateEntry source, StoredTensor found) {}

    private SourceComparison(FileStorageReader reader, JobControl control) {
        this.reader = reader;
        this.control = control;
    }

    /// Compares.
    ///
    /// @param component  the folder of the weights
    /// @param checkpoint the source
    /// @param threads    how many tensors at once
    /// @param control   receives the number of source bytes that are done
    /// @return every difference, in the order of the source; none when all is equal
    public static List<TensorDifference> compare(Path component, Checkpoint checkpoint, int threads, JobControl control)
            throws IOException {
        List<TensorDifference> differences = new ArrayList<>();
        for (Checkpoint set : Checkpoints.openEverySet(component)) {
            differences.addAll(compare(set, checkpoint, threads, control));
        }
        SourceFiles.requireUnchanged(checkpoint.files());
        return differences;
    }

    /// Compares weights that have been opened.
    ///
    /// @param folder     the weights, whose dtypes count
    /// @param checkpoint the source
    public static List<TensorDifference> compare(
            Checkpoint folder, Checkpoint checkpoint, int threads, JobControl control) throws IOException {
        TensorMatch match = TensorMatch.of(checkpoint.shapes(), folder.shapes());
        List<TensorDifference> differences = new ArrayList<>();
        match.missing().forEach(name -> differences.add(new TensorDifference.Missing(name)));
        match.reshaped()
                .forEach(tensor -> differences.add(
                        new TensorDifference.ShapeMismatch(tensor.name(), tensor.expected(), tensor.found())));
        List<Pair> common = new ArrayList<>();
        for (Pair pair : pairs(checkpoint, folder, Set.copyOf(match.common()))) {
            DType written = pair.found().dtype();
            DType merged = pair.source().mergedDType();
            if (written != merged && TargetDType.of(written).isEmpty()) {
                differences.add(new TensorDifference.Type(pair.source().name(), merged, written));
            } else {
                common.add(pair);
            }
        }
        Map<String, Integer> order = new HashMap<>();
        checkpoint.entries().forEach(entry -> order.put(entry.name(), order.size()));
        differences.sort(Comparator.comparingInt(difference -> order.getOrDefault(difference.name(), order.size())));
        match.extra().forEach(name -> differences.add(new TensorDifference.Extra(name)));

        control.begin(
                Phase.VERIFYING,
                common.stream()
                        .mapToLong(pair -> pair.source().tensor().byteLength())
                        .sum());
        try (FileStorageReader reader = new FileStorageReader()) {
            SourceComparison comparison = new SourceComparison(reader, control);
            ParallelTensors.map(common, threads, pair -> comparison.compare(pair.source(), pair.found()))
                    .forEach(difference -> difference.ifPresent(differences::add));
            reader.verifyChecksums();
        }
        return differences;
    }

    private static List<Pair> pairs(Checkpoint checkpoint, Checkpoint folder, Set<String> names) {
        Map<String, StoredTensor> found = new HashMap<>();
        folder.entries().forEach(entry -> found.put(entry.name(), entry.tensor()));
        return checkpoint.entries().stream()
                .filter(entry -> names.contains(entry.name()))
                .map(entry -> new Pair(entry, Objects.requireNonNull(found.get(entry.name()))))
                .toList();
    }

    /// Compares, and refuses any difference.
    ///
    /// @param component where the weights are
    /// @param shown     where messages say they are: they may still be under a temporary name
    public static void requireEqual(Path component, Path shown, Checkpoint checkpoint, int threads, JobControl control)
            throws IOException {
        List<TensorDifference> differences = compare(component, checkpoint, threads, control);
        if (!differences.isEmpty()) {
            throw new InvalidCheckpointException(differences.getFirst().problem(shown));
        }
    }

    private Optional<TensorDifference> compare(StateEntry source, StoredTensor found) throws IOException {
        ElementComparison comparison = new ElementComparison(found.dtype());
        try (SequentialTensor counterpart = SequentialTensor.open(reader, found)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.clamp(found.byteLength(), 1L, CastingSink.BUFFER));
            CastingSink cast = new CastingSink(source.tensor(), found.dtype(), expected -> {
                counterpart.readFully(buffer.clear().limit(expected.remaining()));
                comparison.compare(expected, buffer.flip());
            });
            reader.read(source.tensor(), bytes -> {
                int length = bytes.remaining();
                cast.accept(bytes);
                control.advance(length);
            });
        }
        return comparison.difference(source.name());
    }
}
