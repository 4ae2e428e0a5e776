package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Whether two sets of weights are the same.
public final class GroupComparison {
    private GroupComparison() {}

    /// What a comparison says.
    public enum Result {
        /// Every tensor is equal to the bit.
        EQUAL,
        /// Some are not, or the sets do not have the same ones.
        DIFFERENT,
        /// The headers agree; the values were not looked at.
        NOT_COMPARED
    }

    public static Result compare(WeightGroup first, WeightGroup second, boolean deep, int threads) throws IOException {
        Map<String, StoredTensor> left = byName(first);
        Map<String, StoredTensor> right = byName(second);
        if (!first.isComplete() || !second.isComplete() || !left.keySet().equals(right.keySet())) {
            return Result.DIFFERENT;
        }
        for (StoredTensor tensor : left.values()) {
            StoredTensor other = right.getOrDefault(tensor.name(), tensor);
            if (tensor.dtype() != other.dtype() || !tensor.shape().equals(other.shape())) {
                return Result.DIFFERENT;
            }
        }
        if (!deep) {
            return Result.NOT_COMPARED;
        }
        try (FileStorageReader reader = new FileStorageReader()) {
            List<Boolean> equal = ParallelTensors.map(
                    List.copyOf(left.values()),
                    threads,
                    tensor -> hash(reader, tensor).equals(hash(reader, right.getOrDefault(tensor.name(), tensor))));
            return equal.contains(false) ? Result.DIFFERENT : Result.EQUAL;
        }
    }

    private static Map<String, StoredTensor> byName(WeightGroup group) {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        group.contents().tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        return tensors;
    }

    private static String hash(FileStorageReader reader, StoredTensor tensor) throws IOException {
        MessageDigest digest = Digests.sha256();
        reader.read(tensor, digest::update);
        return HexFormat.of().formatHex(digest.digest());
    }
}
