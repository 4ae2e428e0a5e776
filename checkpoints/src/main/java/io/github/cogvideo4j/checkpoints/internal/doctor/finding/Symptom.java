package io.github.cogvideo4j.checkpoints.internal.doctor.finding;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/// What a problem looks like to people who meet it in other software. Source: what diffusers'
/// `from_pretrained`, safetensors, `torch.load` and `zero_to_fp32.py` say to such files.
public final class Symptom {
    private static final Set<ProblemCode> KNOWN = EnumSet.of(
            ProblemCode.NAME_MISSING_PREFIX,
            ProblemCode.NAME_DOUBLE_PREFIX,
            ProblemCode.NAME_WRONG,
            ProblemCode.PARTIALLY_RENAMED,
            ProblemCode.WRONG_DIRECTORY,
            ProblemCode.VARIANT,
            ProblemCode.INDEX_MISSING,
            ProblemCode.INDEX_WRONG_NAME,
            ProblemCode.INDEX_STALE_NAMES,
            ProblemCode.MISSING_SHARD,
            ProblemCode.SHARDED_BIN,
            ProblemCode.CONFIG_MISSING,
            ProblemCode.MODEL_INDEX_MISSING,
            ProblemCode.COMPONENT_MISSING,
            ProblemCode.DEEPSPEED_CHECKPOINT_IN_TRANSFORMER,
            ProblemCode.SHAPE_MISMATCH,
            ProblemCode.MISSING_TENSOR,
            ProblemCode.EXTRA_TENSOR,
            ProblemCode.KEY_PREFIX,
            ProblemCode.LORA_UNMERGED,
            ProblemCode.LORA_ALPHA,
            ProblemCode.GIT_LFS_POINTER,
            ProblemCode.NOT_WEIGHTS,
            ProblemCode.WRONG_CONTAINER,
            ProblemCode.TRUNCATED,
            ProblemCode.ST_HEADER,
            ProblemCode.UNSAFE_PICKLE,
            ProblemCode.LATEST_ABSENT,
            ProblemCode.TAG_NOT_FOUND,
            ProblemCode.MISSING_RANK,
            ProblemCode.MIXED_WORLD_SIZE,
            ProblemCode.MIXED_CHECKPOINTS,
            ProblemCode.NAN_INF,
            ProblemCode.OVERFLOW,
            ProblemCode.SCHEDULER,
            ProblemCode.PIPELINE_CLASS,
            ProblemCode.AMBIGUOUS_WEIGHTS,
            ProblemCode.UNREADABLE);

    private Symptom() {}

    /// The symptom of a problem, where it has one of its own. Where it names a file, dots stand for the name.
    public static Optional<Message> of(ProblemCode code) {
        return of(code, "...");
    }

    /// The symptom of a problem whose text names the file that the software looks for.
    public static Optional<Message> of(ProblemCode code, String file) {
        return KNOWN.contains(code)
                ? Optional.of(Message.of("checkpoints.doctor.symptom." + code.id(), file))
                : Optional.empty();
    }
}
