package io.github.cogvideo4j.checkpoints.internal.watch;

import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.CheckpointWeights;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/// The identity of a checkpoint's weights, whenever and in whatever files they were written: the SHA-256 of a line
/// for each tensor, in the order of their names, with name, type, shape and the SHA-256 of its elements. An adapter
/// is known by the bytes of its files instead.
public final class WeightDigest {
    private WeightDigest() {}

    /// Reads weights for their digest, in lowercase hexadecimal.
    ///
    /// @param weights the weights
    /// @param threads how many tensors at once
    /// @param control receives the number of bytes that are done
    public static String of(CheckpointWeights weights, int threads, JobControl control) throws IOException {
        List<String> lines = switch (weights) {
            case CheckpointWeights.Whole whole ->
                tensors(
                        whole.checkpoint().entries().stream()
                                .map(StateEntry::tensor)
                                .sorted(Comparator.comparing(StoredTensor::name))
                                .toList(),
                        threads,
                        control);
            case CheckpointWeights.Adapter adapter ->
                files(adapter.files().stream().sorted().toList(), control);
        };
        return Digests.sha256(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> tensors(List<StoredTensor> tensors, int threads, JobControl control)
            throws IOException {
        control.begin(
                Phase.READING,
                tensors.stream().mapToLong(StoredTensor::byteLength).sum());
        try (FileStorageReader reader = new FileStorageReader()) {
            return ParallelTensors.map(tensors, threads, tensor -> line(reader, tensor, control));
        }
    }

    private static String line(FileStorageReader reader, StoredTensor tensor, JobControl control) throws IOException {
        MessageDigest digest = Digests.sha256();
        reader.read(tensor, bytes -> {
            control.advance(bytes.remaining());
            digest.update(bytes);
        });
        return tensor.name() + " " + tensor.dtype() + " " + tensor.shape() + " "
                + HexFormat.of().formatHex(digest.digest());
    }

    private static List<String> files(List<Path> files, JobControl control) throws IOException {
        long all = 0;
        for (Path file : files) {
            all += Files.size(file);
        }
        control.begin(Phase.READING, all);
        return ParallelTensors.map(
                files, 1, file -> file.getFileName() + " " + Digests.sha256(file, Files.size(file), control::advance));
    }
}
