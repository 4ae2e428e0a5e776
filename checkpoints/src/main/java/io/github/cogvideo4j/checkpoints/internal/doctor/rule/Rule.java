package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.util.Set;
import java.util.function.Consumer;

/// A check for one thing that can be wrong. A rule looks at what has been read of the subject, reports what it
/// finds, and touches nothing.
public interface Rule {
    /// The codes that the rule can report; each has a row in `docs/diagnoses.md`.
    Set<ProblemCode> codes();

    /// Looks.
    ///
    /// @param subject what is examined
    /// @param found   takes the findings
    void examine(Subject subject, Consumer<Finding> found) throws IOException;
}
