package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.checkpoints.Progress;
import io.github.cogvideo4j.checkpoints.convert.CastingSink;
import io.github.cogvideo4j.checkpoints.convert.Digests;
import io.github.cogvideo4j.checkpoints.convert.Manifest;
import io.github.cogvideo4j.checkpoints.convert.ParallelTensors;
import io.github.cogvideo4j.checkpoints.convert.PlannedTensor;
import io.github.cogvideo4j.checkpoints.source.Role;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads every tensor of a folder: to hold its hash against the manifest's, or to look at its values.
final class TensorContents {
    private TensorContents() {}

    /// Every tensor is the one that was written, and none is missing or added.
    static List<Problem> againstManifest(
            Path folder,
            List<StoredTensor> tensors,
            Map<String, Manifest.TensorEntry> expected,
            int threads,
            Progress progress)
            throws IOException {
        List<Problem> problems = new ArrayList<>();
        Set<String> missing = new HashSet<>(expected.keySet());
        List<StoredTensor> known = new ArrayList<>();
        for (StoredTensor tensor : tensors) {
            missing.remove(tensor.name());
            Manifest.TensorEntry entry = expected.get(tensor.name());
            if (entry == null) {
                problems.add(new TensorDifference.Extra(tensor.name()).problem(folder));
            } else if (entry.dtype() != tensor.dtype()) {
                problems.add(new TensorDifference.Type(tensor.name(), entry.dtype(), tensor.dtype()).problem(folder));
            } else if (!entry.shape().equals(tensor.shape())) {
                problems.add(new TensorDifference.Sizes(tensor.name(), entry.shape(), tensor.shape()).problem(folder));
            } else {
                known.add(tensor);
            }
        }
        missing.stream()
                .sorted()
                .map(name -> new TensorDifference.Missing(name).problem(folder))
                .forEach(problems::add);
        readAll(known, threads, progress, (reader, tensor) -> {
                    MessageDigest digest = Digests.sha256();
                    reader.read(tensor, counted(progress, digest::update));
                    String hash = HexFormat.of().formatHex(digest.digest());
                    Manifest.TensorEntry entry = expected.get(tensor.name());
                    return entry != null && entry.sha256().equals(hash)
                            ? List.<Problem>of()
                            : List.of(Problem.of(
                                    ProblemCode.DIFFERENT,
                                    Place.of(folder).tensor(tensor.name()),
                                    "checkpoints.verify.tensor-hash",
                                    tensor.name()));
                })
                .forEach(problems::addAll);
        return problems;
    }

    /// What the values say: NaN, Inf, matrices of zeros.
    static List<Problem> values(Path folder, List<StoredTensor> tensors, int threads, Progress progress)
            throws IOException {
        List<Problem> problems = new ArrayList<>();
        readAll(tensors, threads, progress, (reader, tensor) -> {
                    CastingSink scan = new CastingSink(
                            new PlannedTensor(new StateEntry(tensor, Role.PARAMETER), tensor.dtype()),
                            bytes -> bytes.position(bytes.limit()));
                    reader.read(tensor, counted(progress, scan));
                    return scan.values().problems(Place.of(folder).tensor(tensor.name())).stream()
                            .filter(problem -> problem.code() != ProblemCode.ALL_ZERO
                                    || tensor.shape().rank() > 1)
                            .toList();
                })
                .forEach(problems::addAll);
        return problems;
    }

    private interface Look {
        List<Problem> at(FileStorageReader reader, StoredTensor tensor) throws IOException;
    }

    private static List<List<Problem>> readAll(List<StoredTensor> tensors, int threads, Progress progress, Look look)
            throws IOException {
        progress.begin(
                Progress.Phase.VERIFYING,
                tensors.stream().mapToLong(StoredTensor::byteLength).sum());
        try (FileStorageReader reader = new FileStorageReader()) {
            List<List<Problem>> found = ParallelTensors.map(tensors, threads, tensor -> look.at(reader, tensor));
            reader.verifyChecksums();
            return found;
        }
    }

    private static TensorData.Sink counted(Progress progress, TensorData.Sink sink) {
        return bytes -> {
            int length = bytes.remaining();
            sink.accept(bytes);
            progress.advance(length);
        };
    }
}
