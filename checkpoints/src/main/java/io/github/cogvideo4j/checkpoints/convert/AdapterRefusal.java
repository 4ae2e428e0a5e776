package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.List;
import java.util.Optional;

/// The refusal of adapters where a model is to be converted. Without it, they would be reported as a hundred
/// missing tensors.
final class AdapterRefusal {
    private AdapterRefusal() {}

    /// Refuses adapters, and models that have not been merged with theirs.
    ///
    /// @throws InvalidCheckpointException `not-a-checkpoint` for an adapter alone, `lora-unmerged` for a
    /// model with its adapter still in it
    static void refuseAdapters(Checkpoint source) {
        List<String> names = source.entries().stream().map(StateEntry::name).toList();
        if (names.stream().allMatch(AdapterRefusal::isAdapters)) {
            throw new InvalidCheckpointException(told(
                            ProblemCode.NOT_A_CHECKPOINT,
                            source,
                            "checkpoints.location.lora",
                            "checkpoints.location.lora-of")
                    .with(new Remedy.FuseAdapter(Optional.of(source.folder()), false)));
        }
        if (names.stream().anyMatch(name -> name.contains(".base_layer.") || isFactor(name))) {
            throw new InvalidCheckpointException(told(
                            ProblemCode.LORA_UNMERGED,
                            source,
                            "checkpoints.convert.lora-unmerged",
                            "checkpoints.convert.lora-unmerged-of")
                    .with(new Remedy.ExportAdapter(source.folder()), new Remedy.FuseAdapter(Optional.empty(), false)));
        }
    }

    /// The sentence, with the trainer where one is known.
    private static Problem told(ProblemCode code, Checkpoint source, String plain, String named) {
        Place place = Place.of(source.folder());
        return source.training()
                .trainer()
                .map(trainer -> Problem.of(code, place, named, trainer))
                .orElseGet(() -> Problem.of(code, place, plain));
    }

    private static boolean isAdapters(String name) {
        return Dialects.isTextEncoder(name) || Dialects.read(name).isPresent();
    }

    /// A matrix of an adapter. Names like `MODULE.alpha` may be a model's own.
    private static boolean isFactor(String name) {
        return name.contains(".lora_") || name.contains(".lora.") || name.contains("_lora.");
    }
}
