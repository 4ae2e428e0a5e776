package io.github.cogvideo4j.checkpoints.doctor.finding;

import io.github.cogvideo4j.formats.problem.ProblemCode;

/// How bad a finding is, the worst first.
public enum Severity {
    /// Does not load, or is not safe.
    ERROR,
    /// Loads, and is probably not what is wanted.
    WARNING,
    /// Worth knowing.
    INFO;

    /// How bad it is that a reader remarked on something and went on.
    public static Severity ofRemark(ProblemCode code) {
        return switch (code) {
            case CHOICE, ASSUMED, COMPONENT_WITHOUT_WEIGHTS, DUPLICATE_WEIGHTS, KEY_PREFIX, OK -> INFO;
            default -> WARNING;
        };
    }

    /// How bad it is that a reader gave up.
    public static Severity ofFailure(ProblemCode code) {
        return switch (code) {
            case AMBIGUOUS_WEIGHTS -> WARNING;
            case CHOICE -> INFO;
            default -> ERROR;
        };
    }

    /// The word that machines get: `error`.
    public String id() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
