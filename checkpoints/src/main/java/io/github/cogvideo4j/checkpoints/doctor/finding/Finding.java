package io.github.cogvideo4j.checkpoints.doctor.finding;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.Comparator;
import java.util.Optional;

/// One thing that the doctor found.
///
/// @param problem  the code, the place, and what is wrong in one sentence
/// @param severity how bad it is
/// @param symptom  the error that it causes elsewhere, in the words that a person would search for
/// @param remedy   the command that mends it, ready for a shell; empty where no command can
public record Finding(Problem problem, Severity severity, Optional<Message> symptom, Optional<String> remedy) {
    /// The worst first, then by place.
    public static final Comparator<Finding> ORDER = Comparator.comparing(Finding::severity)
            .thenComparing(finding ->
                    finding.problem().place().file().map(Object::toString).orElse(""))
            .thenComparing(finding -> finding.problem().code());

    /// A finding without a command.
    public static Finding of(Severity severity, Problem problem) {
        return new Finding(problem, severity, Symptom.of(problem.code()), Optional.empty());
    }

    /// The same with a remedy.
    public Finding withRemedy(String command) {
        return new Finding(problem, severity, symptom, Optional.of(command));
    }

    /// The code.
    public ProblemCode code() {
        return problem.code();
    }
}
