package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.EnumSet;
import java.util.Set;

/// The codes that the readers of files and checkpoints report.
public final class ReaderCodes {
    public static final Set<ProblemCode> ALL = Set.copyOf(EnumSet.of(
            ProblemCode.NOT_A_CHECKPOINT,
            ProblemCode.NOT_WEIGHTS,
            ProblemCode.GIT_LFS_POINTER,
            ProblemCode.UNKNOWN_CONTAINER,
            ProblemCode.NOT_TORCH_ZIP,
            ProblemCode.TORCHSCRIPT,
            ProblemCode.WRONG_CONTAINER,
            ProblemCode.OTHER_FORMAT,
            ProblemCode.ZERO3_PLACEHOLDER,
            ProblemCode.UNSAFE_PATH,
            ProblemCode.TRUNCATED,
            ProblemCode.ZIP_STRUCTURE,
            ProblemCode.ZIP_DUPLICATE,
            ProblemCode.STORAGE_BOUNDS,
            ProblemCode.MISSING_STORAGE,
            ProblemCode.TENSOR_TOO_LARGE,
            ProblemCode.BAD_CRC,
            ProblemCode.UNSAFE_PICKLE,
            ProblemCode.PICKLE_SYNTAX,
            ProblemCode.PICKLE_LIMIT,
            ProblemCode.TORCH_VERSION,
            ProblemCode.UNSUPPORTED_TENSOR,
            ProblemCode.ST_HEADER,
            ProblemCode.ST_OFFSETS,
            ProblemCode.ST_DTYPE,
            ProblemCode.ST_DUPLICATE_KEY,
            ProblemCode.CHOICE));

    private ReaderCodes() {}
}
