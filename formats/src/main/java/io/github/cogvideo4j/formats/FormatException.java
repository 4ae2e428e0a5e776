package io.github.cogvideo4j.formats;

import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Problem;

/// A file that cannot be read as what it claims to be. Every reader in this module answers hostile or damaged
/// input with one of these and with nothing else; failures of the disk stay [java.io.IOException]s.
public abstract sealed class FormatException extends RuntimeException implements CarriesProblem
        permits MalformedFileException, UnsafeFileException, UnsupportedFileException {
    private final transient Problem problem;

    FormatException(Problem problem) {
        super(problem.code().id() + ": " + problem.message().text());
        this.problem = problem;
    }

    @Override
    public Problem problem() {
        return problem;
    }

    /// Bad input, whatever the code: a file is at fault, also where its code mostly stands for wrong usage.
    @Override
    public Category category() {
        return Category.INPUT;
    }
}
