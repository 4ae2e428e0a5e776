package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.formats.tensor.DType;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/// How many tensors, parameters and bytes.
///
/// @param tensors    how many tensors
/// @param parameters how many elements of parameters
/// @param bytes      the tensors' bytes, each counted as if it had a storage of its own
public record TensorTotals(long tensors, long parameters, long bytes) {
    /// Nothing.
    public static final TensorTotals NONE = new TensorTotals(0, 0, 0);

    /// Of one tensor.
    public static TensorTotals of(ListedTensor tensor) {
        return new TensorTotals(
                1,
                tensor.isParameter() ? tensor.tensor().shape().numel() : 0,
                tensor.tensor().byteLength());
    }

    /// Of several.
    public static TensorTotals of(Collection<ListedTensor> tensors) {
        return tensors.stream().map(TensorTotals::of).reduce(NONE, TensorTotals::plus);
    }

    /// Of several, by dtype, in the order of [DType].
    public static Map<DType, TensorTotals> byDType(Collection<ListedTensor> tensors) {
        Map<DType, TensorTotals> totals = new EnumMap<>(DType.class);
        tensors.forEach(tensor -> totals.merge(tensor.tensor().dtype(), of(tensor), TensorTotals::plus));
        return totals;
    }

    /// Both together.
    public TensorTotals plus(TensorTotals other) {
        return new TensorTotals(tensors + other.tensors, parameters + other.parameters, bytes + other.bytes);
    }
}
