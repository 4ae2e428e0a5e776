package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The comparison of two sets of weights.
public final class GroupComparison {
    private static final int FIRST_LOOK = 16;

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
        boolean sameTensors = TensorMatch.of(StoredTensor.shapes(left.values()), StoredTensor.shapes(right.values()))
                .equal();
        if (!first.isComplete() || !second.isComplete() || !sameTensors) {
            return Result.DIFFERENT;
        }
        for (StoredTensor tensor : left.values()) {
            if (tensor.dtype() != right.getOrDefault(tensor.name(), tensor).dtype()) {
                return Result.DIFFERENT;
            }
        }
        if (!deep) {
            return Result.NOT_COMPARED;
        }
        // Sets that differ mostly differ in their small tensors too: those are read first, and often suffice.
        List<StoredTensor> tensors = left.values().stream()
                .sorted(Comparator.comparingLong(StoredTensor::byteLength))
                .toList();
        int few = Math.min(FIRST_LOOK, tensors.size());
        return areEqual(tensors.subList(0, few), right, threads)
                        && areEqual(tensors.subList(few, tensors.size()), right, threads)
                ? Result.EQUAL
                : Result.DIFFERENT;
    }

    private static boolean areEqual(List<StoredTensor> tensors, Map<String, StoredTensor> others, int threads)
            throws IOException {
        try (FileStorageReader reader = new FileStorageReader()) {
            List<Boolean> equal = ParallelTensors.map(
                    tensors,
                    threads,
                    tensor -> hash(reader, tensor).equals(hash(reader, others.getOrDefault(tensor.name(), tensor))));
            return !equal.contains(false);
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
