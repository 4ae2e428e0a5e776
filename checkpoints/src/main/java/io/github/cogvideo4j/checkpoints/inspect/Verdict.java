package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/// Whether something may be loaded by tools that trust it.
public enum Verdict {
    /// Readable, and nothing wrong was seen.
    CLEAN,
    /// Readable, with something that is probably not what was wanted.
    PROBLEMS,
    /// It tries something that no weights file needs: running code, leaving its folder, exhausting memory.
    UNSAFE,
    /// It cannot be read, so nothing can be said of what it holds.
    UNREADABLE;

    private static final Set<ProblemCode> DANGERS = EnumSet.of(
            ProblemCode.UNSAFE_PICKLE, ProblemCode.UNSAFE_PATH, ProblemCode.PICKLE_LIMIT, ProblemCode.TENSOR_TOO_LARGE);

    /// Whether a problem is a danger to whoever loads the file.
    public static boolean isDanger(ProblemCode code) {
        return DANGERS.contains(code);
    }

    /// Its name in JSON.
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
