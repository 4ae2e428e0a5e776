package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.List;
import java.util.Optional;

/// A checkpoint with diffusers' names under SAT's.
final class SatExport {
    private static final String BLOCK = "transformer_blocks.";

    private SatExport() {}

    /// The part of SAT that a state dict with diffusers' names would be.
    static Optional<SatPart> partOf(Checkpoint checkpoint) {
        List<String> names = checkpoint.entries().stream().map(StateEntry::name).toList();
        if (names.stream().anyMatch(name -> name.contains(".lora_A.") || name.contains(".lora_B."))) {
            return Optional.of(SatPart.ADAPTER);
        }
        if (names.stream().anyMatch(name -> name.startsWith(BLOCK))) {
            return Optional.of(SatPart.TRANSFORMER);
        }
        if (names.stream().anyMatch(name -> name.startsWith("decoder.up_blocks."))) {
            return Optional.of(SatPart.VAE);
        }
        return Optional.empty();
    }

    /// The part, where there is one.
    ///
    /// @throws InvalidCheckpointException `not-a-checkpoint` where there is none
    static SatPart requirePart(Checkpoint checkpoint) {
        return partOf(checkpoint)
                .orElseThrow(() -> new InvalidCheckpointException(
                        ProblemCode.NOT_A_CHECKPOINT, Place.of(checkpoint.folder()), "checkpoints.sat.no-counterpart"));
    }

    /// The same tensors under SAT's names, fused where SAT has them fused. The autoencoder's keys have no
    /// prefix, as in the file that SAT's configuration names for it.
    ///
    /// @throws InvalidCheckpointException `extra-tensor`, `missing-tensor` or `shape-mismatch` for tensors that
    /// SAT has no place for
    static Checkpoint plan(Checkpoint checkpoint) {
        Place place = Place.of(checkpoint.folder());
        List<StateEntry> entries = checkpoint.entries();
        List<StateEntry> renamed = switch (requirePart(checkpoint)) {
            case TRANSFORMER -> prefixed(SatTransformer.NAMES.toSat(entries, place));
            case ADAPTER -> prefixed(SatTransformer.ADAPTER_NAMES.toSat(entries, place));
            case VAE -> new SatVae().toSat(entries, place);
            case TEXT_ENCODER, OTHER -> throw new IllegalStateException("no such counterpart");
        };
        return checkpoint.withEntries(renamed);
    }

    private static List<StateEntry> prefixed(List<StateEntry> entries) {
        return entries.stream()
                .map(entry -> entry.withName(SatPart.DIFFUSION + entry.name()))
                .toList();
    }
}
