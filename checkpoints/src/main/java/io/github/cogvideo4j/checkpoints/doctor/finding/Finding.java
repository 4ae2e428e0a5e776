package io.github.cogvideo4j.checkpoints.doctor.finding;

import io.github.cogvideo4j.checkpoints.internal.doctor.finding.Symptom;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.Comparator;
import java.util.Optional;

/// One thing that the doctor found.
///
/// @param problem  the code, the place, what is wrong in one sentence, and what mends it
/// @param severity how bad it is
/// @param symptom  the error that it causes elsewhere, in the words that a person would search for
public record Finding(Problem problem, Severity severity, Optional<Message> symptom) {
    /// The worst first, then by place.
    public static final Comparator<Finding> ORDER = Comparator.comparing(Finding::severity)
            .thenComparing(finding ->
                    finding.problem().place().file().map(Object::toString).orElse(""))
            .thenComparing(finding -> finding.problem().code());

    /// A finding of a problem.
    public static Finding of(Severity severity, Problem problem) {
        return new Finding(problem, severity, Symptom.of(problem.code()));
    }

    /// A finding of a problem for which other software names the file that it looks for.
    public static Finding of(Severity severity, Problem problem, String file) {
        return new Finding(problem, severity, Symptom.of(problem.code(), file));
    }

    /// The same with a remedy.
    public Finding withRemedy(Remedy remedy) {
        return new Finding(problem.with(remedy), severity, symptom);
    }

    /// What mends it; empty where no remedy is known.
    public Optional<Remedy> remedy() {
        return problem.remedies().stream().findFirst();
    }

    /// The code.
    public ProblemCode code() {
        return problem.code();
    }

    /// How bad a finding is, the worst first.
    public enum Severity {
        /// Does not load, or is not safe.
        ERROR,
        /// Loads, but is probably not what the user wants.
        WARNING,
        /// Worth knowing.
        INFO;

        /// How much a reader's warning matters.
        public static Severity ofWarning(ProblemCode code) {
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
}
