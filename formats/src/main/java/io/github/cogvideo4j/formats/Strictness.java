package io.github.cogvideo4j.formats;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Warnings;

/// The treatment of what a format's rules forbid but its usual readers let pass.
public enum Strictness {
    /// Oddities become warnings.
    LENIENT,
    /// Oddities are refused.
    STRICT;

    /// Reports an oddity, or refuses the file for it.
    ///
    /// @throws MalformedFileException when strict
    public void oddity(Problem problem, Warnings warnings) {
        if (this == STRICT) {
            throw new MalformedFileException(problem);
        }
        warnings.report(problem);
    }
}
