package io.github.cogvideo4j.formats.problem;

import java.util.List;

/// One thing that is wrong: its code, where it is, a sentence about it, and what helps.
///
/// @param code     the stable code
/// @param place    where
/// @param message  what is wrong there
/// @param remedies what helps in the case at hand, the best first; empty where nothing is known to help
public record Problem(ProblemCode code, Place place, Message message, List<Remedy> remedies) {
    /// Copies the list.
    public Problem {
        remedies = List.copyOf(remedies);
    }

    /// A problem without a remedy.
    public Problem(ProblemCode code, Place place, Message message) {
        this(code, place, message, List.of());
    }

    /// A problem from a bundle key and the values for its placeholders.
    public static Problem of(ProblemCode code, Place place, String key, Object... arguments) {
        return new Problem(code, place, Message.of(key, arguments));
    }

    /// The same problem with what helps.
    public Problem with(Remedy... helps) {
        return new Problem(code, place, message, List.of(helps));
    }
}
