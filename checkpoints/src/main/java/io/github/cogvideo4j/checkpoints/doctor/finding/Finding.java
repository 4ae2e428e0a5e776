package io.github.cogvideo4j.checkpoints.doctor.finding;

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

    /// The same with a remedy.
    public Finding withRemedy(Remedy remedy) {
        return new Finding(problem.with(remedy), severity, symptom);
    }

    /// What mends it; empty where nothing is known to.
    public Optional<Remedy> remedy() {
        return problem.remedies().stream().findFirst();
    }

    /// The code.
    public ProblemCode code() {
        return problem.code();
    }
}
