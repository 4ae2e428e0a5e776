package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The names of the T5 encoder, which SAT wraps and leaves as transformers has them.
final class SatTextEncoder implements Translation {
    /// The first conditioner is the text.
    private static final String WRAPPER = "embedders.0.transformer.";

    private static final String TABLE = "shared.weight";
    private static final String SAME_TABLE = "encoder.embed_tokens.weight";

    @Override
    public List<StateEntry> toDiffusers(List<StateEntry> entries, Place place) {
        List<StateEntry> renamed = new ArrayList<>();
        List<StateEntry> unknown = new ArrayList<>();
        for (StateEntry entry : entries) {
            if (entry.name().startsWith(WRAPPER)) {
                renamed.add(entry.withName(entry.name().substring(WRAPPER.length())));
            } else {
                unknown.add(entry);
            }
        }
        Translation.refuse(unknown, place);
        // The encoder's own name of the shared table. transformers ties them when it loads.
        Optional<StateEntry> table =
                renamed.stream().filter(entry -> entry.name().equals(TABLE)).findFirst();
        renamed.removeIf(entry -> entry.name().equals(SAME_TABLE)
                && table.filter(shared ->
                                shared.tensor().data().equals(entry.tensor().data()))
                        .isPresent());
        return Translation.unique(renamed, place);
    }

    @Override
    public List<StateEntry> toSat(List<StateEntry> entries, Place place) {
        return Translation.unique(
                entries.stream()
                        .map(entry -> entry.withName(WRAPPER + entry.name()))
                        .toList(),
                place);
    }
}
