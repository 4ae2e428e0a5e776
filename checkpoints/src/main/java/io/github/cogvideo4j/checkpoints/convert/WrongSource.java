package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import java.util.List;
import java.util.Optional;

/// Says what weights are, where they are not what the conversion is asked to make of them. Named here, they
/// are not told as a hundred missing tensors.
final class WrongSource {
    private WrongSource() {}

    /// The component that a source is of.
    ///
    /// @param said    what the caller says it is of
    /// @param remarks takes what the names say, where nobody said anything and it is not the transformer
    /// @throws InvalidCheckpointException `not-a-checkpoint` for an adapter alone, `lora-unmerged` for a
    /// model with its adapter still in it, `wrong-component` when the names say something else than the
    /// caller
    static Component requireComponent(Checkpoint source, Optional<Component> said, Problems remarks) {
        Place place = Place.of(source.folder());
        List<String> names = source.entries().stream().map(StateEntry::name).toList();
        if (names.stream().allMatch(WrongSource::isAdapters)) {
            throw new InvalidCheckpointException(ProblemCode.NOT_A_CHECKPOINT, place, "checkpoints.location.lora");
        }
        if (names.stream().anyMatch(name -> name.contains(".base_layer.") || isFactor(name))) {
            throw new InvalidCheckpointException(ProblemCode.LORA_UNMERGED, place, "checkpoints.convert.lora-unmerged");
        }
        Optional<Component> found = source.component();
        if (said.isPresent() && found.isPresent() && !found.equals(said)) {
            throw new InvalidCheckpointException(
                    ProblemCode.WRONG_COMPONENT,
                    place,
                    "checkpoints.convert.wrong-component",
                    found.get().folder(),
                    said.get().folder());
        }
        if (said.isEmpty()
                && found.filter(component -> component != Component.TRANSFORMER).isPresent()) {
            remarks.report(
                    ProblemCode.CHOICE,
                    place,
                    "checkpoints.convert.component",
                    found.get().folder());
        }
        return said.or(() -> found).orElse(Component.TRANSFORMER);
    }

    private static boolean isAdapters(String name) {
        return Dialects.isTextEncoder(name) || Dialects.read(name).isPresent();
    }

    /// A matrix of an adapter. Names like `MODULE.alpha` may be a model's own.
    private static boolean isFactor(String name) {
        return name.contains(".lora_") || name.contains(".lora.") || name.contains("_lora.");
    }
}
