package io.github.cogvideo4j.formats.problem;

/// One thing that is wrong: its code, where it is, and a sentence about it.
///
/// @param code    the stable code
/// @param place   where
/// @param message what is wrong there, and what to do about it when that depends on the case at hand
public record Problem(ProblemCode code, Place place, Message message) {
    /// A problem from a bundle key and the values for its placeholders.
    public static Problem of(ProblemCode code, Place place, String key, Object... arguments) {
        return new Problem(code, place, Message.of(key, arguments));
    }
}
