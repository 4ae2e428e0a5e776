package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Kinds of checkpoint that are recognised, so that the error can say what they are, but not read.
final class UnreadKinds {
    private UnreadKinds() {}

    /// Refuses a folder of results of such a kind.
    static void refuseResult(Path folder) {
        refuse(folder, "model_index.json", "checkpoints.location.pipeline");
        refuse(folder, "pytorch_lora_weights.safetensors", "checkpoints.location.lora");
    }

    /// Refuses state dicts of other trainers and other components, which would otherwise be written as if they
    /// were a transformer's.
    static void refuseKeys(Path folder, List<StateEntry> entries) {
        refusePrefix(folder, entries, "model.diffusion_model.", "checkpoints.location.sat");
        refusePrefix(folder, entries, "first_stage_model.", "checkpoints.location.sat");
        refusePrefix(folder, entries, "conditioner.", "checkpoints.location.sat");
    }

    private static void refusePrefix(Path folder, List<StateEntry> entries, String prefix, String key) {
        if (entries.stream().anyMatch(entry -> entry.name().startsWith(prefix))) {
            throw new InvalidCheckpointException(ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), key);
        }
    }

    private static void refuse(Path folder, String mark, String key) {
        if (Files.exists(folder.resolve(mark))) {
            throw new InvalidCheckpointException(ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), key);
        }
    }
}
