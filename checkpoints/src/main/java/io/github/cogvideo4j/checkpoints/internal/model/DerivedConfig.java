package io.github.cogvideo4j.checkpoints.internal.model;

import java.util.List;

/// A configuration derived from weights, and where its values come from.
///
/// @param document the configuration
/// @param values   every field, in the order in which it was settled
public record DerivedConfig(ConfigDocument document, List<ConfigDerivation.Value> values) {
    /// Copies the list.
    public DerivedConfig {
        values = List.copyOf(values);
    }

    /// The fields that the shapes prove.
    public List<ConfigDerivation.Value> derived() {
        return values.stream().filter(value -> !value.assumed()).toList();
    }

    /// The fields taken from the published models.
    public List<ConfigDerivation.Value> assumed() {
        return values.stream().filter(ConfigDerivation.Value::assumed).toList();
    }
}
