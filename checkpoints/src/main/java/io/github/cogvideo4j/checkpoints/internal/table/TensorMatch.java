package io.github.cogvideo4j.checkpoints.internal.table;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Two sets of tensors held against each other by name and shape: those that are expected and those that are
/// found. Every name is in exactly one of the four lists.
///
/// @param common   names that both have in the same shape, in the order of the expected ones
/// @param missing  names that are expected and not found, in that order
/// @param extra    names that are found and not expected, in the order in which they are found
/// @param reshaped tensors that both have in different shapes, in the order of the expected ones
public record TensorMatch(List<String> common, List<String> missing, List<String> extra, List<Reshaped> reshaped) {
    /// A tensor of another shape than the expected one.
    public record Reshaped(String name, Shape expected, Shape found) {
        /// Whether rows and columns are exchanged.
        public boolean isTransposed() {
            return expected.rank() == 2 && expected.sizes().equals(found.sizes().reversed());
        }

        @Override
        public String toString() {
            return "%s %s ≠ %s".formatted(name, expected, found);
        }
    }

    /// Copies the lists.
    public TensorMatch {
        common = List.copyOf(common);
        missing = List.copyOf(missing);
        extra = List.copyOf(extra);
        reshaped = List.copyOf(reshaped);
    }

    /// Matches two sets.
    public static TensorMatch of(Map<String, Shape> expected, Map<String, Shape> found) {
        List<String> common = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<Reshaped> reshaped = new ArrayList<>();
        expected.forEach((name, shape) -> {
            Shape other = found.get(name);
            if (other == null) {
                missing.add(name);
            } else if (other.equals(shape)) {
                common.add(name);
            } else {
                reshaped.add(new Reshaped(name, shape, other));
            }
        });
        List<String> extra = found.keySet().stream()
                .filter(name -> !expected.containsKey(name))
                .toList();
        return new TensorMatch(common, missing, extra, reshaped);
    }

    /// Whether both sets have the same tensors.
    public boolean equal() {
        return missing.isEmpty() && extra.isEmpty() && reshaped.isEmpty();
    }
}
