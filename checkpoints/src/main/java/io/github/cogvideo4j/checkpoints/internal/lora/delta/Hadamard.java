package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/// LoHa: `W + factor * (A1 B1) ∘ (A2 B2)`, two products of thin matrices multiplied element by element.
///
/// Source: LyCORIS and PEFT name the factors `hada_w1_a` `[out, rank]` and `hada_w1_b` `[rank, in]`; of a
/// convolution the second is `[rank, in * height * width]`.
///
/// @param a1 `hada_w1_a`
/// @param b1 `hada_w1_b`
/// @param a2 `hada_w2_a`
/// @param b2 `hada_w2_b`
public record Hadamard(StoredTensor a1, StoredTensor b1, StoredTensor a2, StoredTensor b2) implements Delta {
    /// Whether four tensors make two products of the same size.
    public static boolean isQuartet(StoredTensor a1, StoredTensor b1, StoredTensor a2, StoredTensor b2) {
        return LowRank.isPair(b1, a1)
                && LowRank.isPair(b2, a2)
                && a1.shape().size(0) == a2.shape().size(0)
                && Delta.columns(b1.shape()) == Delta.columns(b2.shape());
    }

    /// The rank of the first product, by which alpha is divided.
    public int rank() {
        return Math.toIntExact(b1.shape().size(0));
    }

    @Override
    public String kind() {
        return "loha";
    }

    @Override
    public String formula() {
        return "LoHa (rank %d)".formatted(rank());
    }

    @Override
    public List<StoredTensor> tensors() {
        return List.of(a1, b1, a2, b2);
    }

    @Override
    public Shape shape() {
        return Shape.of(a1.shape().size(0), Delta.columns(b1.shape()));
    }

    /// A convolution's kernel is one row here.
    @Override
    public boolean fits(Shape target) {
        return target.rank() >= 2
                && Delta.rows(target) == Delta.rows(shape())
                && Delta.columns(target) == Delta.columns(shape());
    }

    @Override
    public Operation open(StorageReader reader, Arena arena, double factor) throws IOException {
        LowRankProduct first = LowRankProduct.read(reader, arena, b1, a1);
        LowRankProduct second = LowRankProduct.read(reader, arena, b2, a2);
        float scale = (float) factor;
        return (sums, row, rows, column, width) -> {
            int count = Math.multiplyExact(rows, width);
            float[] left = new float[count];
            float[] right = new float[count];
            first.part(left, row, rows, column, width);
            second.part(right, row, rows, column, width);
            for (int i = 0; i < count; i++) {
                sums[i] += left[i] * right[i] * scale;
            }
        };
    }

    @Override
    public String toString() {
        return formula() + Arrays.toString(shape().toArray());
    }
}
