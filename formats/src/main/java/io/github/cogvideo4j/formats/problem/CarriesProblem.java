package io.github.cogvideo4j.formats.problem;

/// An exception that says what is wrong as a [Problem]. All sealed exceptions of the library are one.
public interface CarriesProblem {
    /// What is wrong, where, and what helps.
    Problem problem();

    /// What kind of problem it is. That of the problem's code, unless the exception knows better.
    default Category category() {
        return problem().code().category();
    }
}
