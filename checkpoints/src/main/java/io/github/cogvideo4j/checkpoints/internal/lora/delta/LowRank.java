package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// LoRA: `W + factor * B A`.
///
/// @param a the first factor, `[rank, in]`; `[rank, in, height, width]` of a convolution
/// @param b the second factor, `[out, rank]`; `[out, rank, 1, 1]` of a convolution
public record LowRank(StoredTensor a, StoredTensor b) implements Delta {
    /// Whether two tensors have a common rank.
    public static boolean isPair(StoredTensor a, StoredTensor b) {
        if (a.shape().rank() < 2 || b.shape().rank() < 2) {
            return false;
        }
        long rank = a.shape().size(0);
        return b.shape().size(1) == rank
                && b.shape().numel() == Math.multiplyExact(b.shape().size(0), rank);
    }

    /// The rank.
    public int rank() {
        return Math.toIntExact(a.shape().size(0));
    }

    /// The rows of the adapted weight.
    public long out() {
        return b.shape().size(0);
    }

    /// The elements in a row of the adapted weight.
    public long in() {
        return Delta.columns(a.shape());
    }

    @Override
    public String kind() {
        return "lora";
    }

    @Override
    public String formula() {
        return "B A (rank %d)".formatted(rank());
    }

    @Override
    public List<StoredTensor> tensors() {
        return List.of(a, b);
    }

    @Override
    public Shape shape() {
        List<Long> sizes = new ArrayList<>();
        sizes.add(out());
        sizes.addAll(a.shape().sizes().subList(1, a.shape().rank()));
        return new Shape(sizes);
    }

    @Override
    public Operation open(StorageReader reader, Arena arena, double factor) throws IOException {
        LowRankProduct product = product(reader, arena);
        float scale = (float) factor;
        return (sums, row, rows, column, width) -> {
            float[] part = new float[Math.multiplyExact(rows, width)];
            product.part(part, row, rows, column, width);
            for (int i = 0; i < part.length; i++) {
                sums[i] += scale * part[i];
            }
        };
    }

    LowRankProduct product(StorageReader reader, Arena arena) throws IOException {
        return LowRankProduct.read(reader, arena, a, b);
    }
}
