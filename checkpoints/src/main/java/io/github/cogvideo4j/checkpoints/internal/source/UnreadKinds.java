package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Files;
import java.nio.file.Path;

/// Kinds of checkpoint that are recognised, so that the error can say what they are, but not read.
final class UnreadKinds {
    private UnreadKinds() {}

    /// Refuses a folder of results of such a kind.
    static void refuseResult(Path folder) {
        refuse(folder, "model_index.json", "checkpoints.location.pipeline");
        refuse(folder, WeightFileName.ADAPTER, "checkpoints.location.lora");
    }

    private static void refuse(Path folder, String mark, String key) {
        if (Files.exists(folder.resolve(mark))) {
            throw new InvalidCheckpointException(ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), key);
        }
    }
}
