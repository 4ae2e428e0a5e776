package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Files;
import java.nio.file.Path;

/// Kinds of checkpoint that are recognised, so that the error can say what they are, but not read.
final class UnreadKinds {
    private UnreadKinds() {}

    /// Refuses a folder of such a kind.
    static void refuse(Path folder) {
        refuse(folder, "model_index.json", ProblemCode.NOT_A_CHECKPOINT, "checkpoints.location.pipeline");
        refuse(folder, "latest_universal", ProblemCode.NOT_A_CHECKPOINT, "checkpoints.location.universal");
        refuse(folder, ".metadata", ProblemCode.NOT_A_CHECKPOINT, "checkpoints.location.distributed");
        refuse(folder, "pytorch_lora_weights.safetensors", ProblemCode.NOT_A_CHECKPOINT, "checkpoints.location.lora");
    }

    private static void refuse(Path folder, String mark, ProblemCode code, String key) {
        if (Files.exists(folder.resolve(mark))) {
            throw new InvalidCheckpointException(code, Place.of(folder), key);
        }
    }
}
