package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The model that an adapter says it was trained on: adapters of attention layers fit several models whose shapes
/// are the same, and are useful in their own model only.
public final class TrainedModel {
    private TrainedModel() {}

    /// Says where the model that an adapter names and the one that it is used with are of different kinds, or of
    /// different families.
    static Optional<String> other(String named, Map<String, Shape> model) {
        String name = named.toLowerCase(Locale.ROOT);
        Optional<Family> said = Families.all().stream()
                .filter(family ->
                        family.kinds().filter(kinds -> kinds.isNamed(name)).isPresent())
                .findFirst();
        Optional<Family> found = Families.recognise(new LinkedHashMap<>(model)).stream()
                .map(match -> match.family())
                .findFirst();
        if (said.isEmpty() || found.isEmpty()) {
            return Optional.empty();
        }
        return said.equals(found)
                ? said.get().kinds().flatMap(kinds -> kinds.unlike(name, model))
                : found.map(Family::name);
    }

    /// Warns when an adapter says that it was trained on a model of another kind.
    public static void tellOther(AdapterContent adapter, Map<String, Shape> model, Warnings warnings) {
        adapter.settings()
                .baseModel()
                .ifPresent(named -> other(named, model)
                        .ifPresent(title -> warnings.report(
                                ProblemCode.WRONG_COMPONENT,
                                Place.of(adapter.file()),
                                "checkpoints.lora.other-base",
                                named,
                                title)));
    }
}
