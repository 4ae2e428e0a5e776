package io.github.cogvideo4j.formats.problem;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/// A collection of problems that are worth telling but stop nothing. Safe to report to from several threads.
public final class Warnings {
    private final SequencedSet<Problem> reported = new LinkedHashSet<>();

    /// Adds one problem; the same problem is kept once.
    public synchronized void report(Problem problem) {
        reported.add(problem);
    }

    /// Adds a problem built from its parts.
    public void report(ProblemCode code, Place place, String key, Object... arguments) {
        report(Problem.of(code, place, key, arguments));
    }

    /// What has been reported so far, in order.
    public synchronized List<Problem> all() {
        return List.copyOf(reported);
    }
}
