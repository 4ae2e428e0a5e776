package io.github.cogvideo4j.checkpoints.internal.placement;

import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.internal.table.ModelTable;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import java.util.Optional;

/// Weights whose place in a model is known.
///
/// @param component  the component that they are
/// @param checkpoint the weights under the component's own names, without what belongs to nothing of it
/// @param table      the names, shapes and dtypes that the component must have, when they are known
/// @param family     the family that the component is of, when it is known
/// @param names      how the names were settled
public record PlacedComponent(
        Component component,
        Checkpoint checkpoint,
        Optional<ModelTable> table,
        Optional<Family> family,
        SettledNames names) {}
