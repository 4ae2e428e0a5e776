package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.List;
import java.util.Optional;

/// T5's token embeddings, which a `.bin` file has under two names: the encoder's table is the model's shared
/// one. transformers writes one of the two to safetensors and ties the other when it loads; so does this.
final class TiedWeights {
    private static final String OWNER = "shared.weight";
    private static final String ALIAS = "encoder.embed_tokens.weight";

    private TiedWeights() {}

    /// The entries without the second name, where both names mean the same bytes.
    static List<StateEntry> strip(List<StateEntry> entries, Place place, Warnings warnings) {
        Optional<StoredTensor> owner = find(entries, OWNER);
        Optional<StoredTensor> alias = find(entries, ALIAS);
        boolean tied = owner.isPresent()
                && alias.isPresent()
                && owner.get().dtype() == alias.get().dtype()
                && owner.get().shape().equals(alias.get().shape())
                && owner.get().data().equals(alias.get().data());
        if (!tied) {
            return entries;
        }
        warnings.report(ProblemCode.CHOICE, place, "checkpoints.plain.tied", ALIAS, OWNER);
        return entries.stream().filter(entry -> !entry.name().equals(ALIAS)).toList();
    }

    private static Optional<StoredTensor> find(List<StateEntry> entries, String name) {
        return entries.stream()
                .filter(entry -> entry.name().equals(name))
                .map(StateEntry::tensor)
                .findFirst();
    }
}
