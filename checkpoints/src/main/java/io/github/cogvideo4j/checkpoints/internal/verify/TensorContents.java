package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/// A reader of every tensor of a folder: to hold its hash against the manifest's, or to look at its values.
public final class TensorContents {
    private TensorContents() {}

    /// Every tensor is the one that was written, and none is missing or added.
    public static List<Problem> againstManifest(
            Path folder,
            List<StoredTensor> tensors,
            Map<String, Manifest.TensorEntry> expected,
            int threads,
            JobControl control)
            throws IOException {
        SequencedMap<String, Shape> written = new LinkedHashMap<>();
        expected.forEach((name, entry) -> written.put(name, entry.shape()));
        TensorMatch match = TensorMatch.of(written, StoredTensor.shapes(tensors));
        List<TensorDifference> differences = new ArrayList<>();
        match.extra().forEach(name -> differences.add(new TensorDifference.Extra(name)));
        match.reshaped()
                .forEach(tensor -> differences.add(
                        new TensorDifference.ShapeMismatch(tensor.name(), tensor.expected(), tensor.found())));
        Set<String> common = Set.copyOf(match.common());
        List<StoredTensor> known = new ArrayList<>();
        for (StoredTensor tensor : tensors) {
            Manifest.TensorEntry entry = expected.get(tensor.name());
            if (entry != null && common.contains(tensor.name())) {
                if (entry.dtype() == tensor.dtype()) {
                    known.add(tensor);
                } else {
                    differences.add(new TensorDifference.Type(tensor.name(), entry.dtype(), tensor.dtype()));
                }
            }
        }
        match.missing().stream().sorted().map(TensorDifference.Missing::new).forEach(differences::add);
        List<Problem> problems = new ArrayList<>();
        differences.forEach(difference -> problems.add(difference.problem(folder)));
        problems.addAll(wrongHashes(folder, known, expected, threads, control));
        return problems;
    }

    private static List<Problem> wrongHashes(
            Path folder,
            List<StoredTensor> tensors,
            Map<String, Manifest.TensorEntry> expected,
            int threads,
            JobControl control)
            throws IOException {
        control.begin(
                Phase.VERIFYING,
                tensors.stream().mapToLong(StoredTensor::byteLength).sum());
        try (FileStorageReader reader = new FileStorageReader()) {
            List<String> hashes = ParallelTensors.map(tensors, threads, tensor -> {
                MessageDigest digest = Digests.sha256();
                reader.read(tensor, TensorValues.counted(control, digest::update));
                return HexFormat.of().formatHex(digest.digest());
            });
            reader.verifyChecksums();
            List<Problem> problems = new ArrayList<>();
            for (int i = 0; i < tensors.size(); i++) {
                String name = tensors.get(i).name();
                Manifest.TensorEntry entry = expected.get(name);
                if (entry == null || !entry.sha256().equals(hashes.get(i))) {
                    problems.add(Problem.of(
                            ProblemCode.DIFFERENT,
                            Place.of(folder).tensor(name),
                            "checkpoints.verify.tensor-hash",
                            name));
                }
            }
            return problems;
        }
    }

    /// What the values say: NaN, Inf, matrices of zeros.
    public static List<Problem> values(Path folder, List<StoredTensor> tensors, int threads, JobControl control)
            throws IOException {
        try (FileStorageReader reader = new FileStorageReader()) {
            List<TensorValues> all = TensorValues.read(reader, tensors, threads, control);
            reader.verifyChecksums();
            return all.stream()
                    .flatMap(values -> values.problems(folder).stream())
                    .toList();
        }
    }
}
