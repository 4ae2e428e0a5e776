package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.Optional;

/// The weights below a prefix. A module takes the weights that its own class names (`to_q.weight`) and hands
/// the rest on with [#at(String)], so that key paths in the code are those of the checkpoint.
///
/// @param store     where they come from
/// @param prefix    the names' beginning, empty or with a dot at the end
/// @param precision the type in which they are used
/// @param device    where they are used
public record Weights(WeightStore store, String prefix, Precision precision, ComputeDevice device) {
    /// The weights of a part: `at("attn1")`, `at("transformer_blocks", 3)`.
    public Weights at(String name) {
        return new Weights(store, prefix + name + ".", precision, device);
    }

    /// The weights of one part of a list.
    public Weights at(String name, int index) {
        return at(name + "." + index);
    }

    /// The same weights used in another type.
    public Weights in(Precision other) {
        return new Weights(store, prefix, other, device);
    }

    /// Whether there is such a weight.
    public boolean has(String name) {
        return store.find(prefix + name).isPresent();
    }

    /// A weight of a known shape.
    ///
    /// @throws InvalidModelException `missing-tensor` when it is not there, `shape-mismatch` when it has
    /// another shape
    public Weight get(String name, long... shape) {
        String key = prefix + name;
        StoredTensor tensor = store.find(key).orElseThrow(() -> store.missing(key));
        if (!tensor.shape().equals(Shape.of(shape))) {
            throw new InvalidModelException(
                    ProblemCode.SHAPE_MISMATCH,
                    store.place().tensor(key),
                    "inference.weights.shape",
                    key,
                    tensor.shape(),
                    Shape.of(shape));
        }
        return new Weight(store, key, precision, device);
    }

    /// A weight that a configuration may leave out.
    public Optional<Weight> find(String name, long... shape) {
        return has(name) ? Optional.of(get(name, shape)) : Optional.empty();
    }
}
