package io.github.cogvideo4j.cli.outcome;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.Optional;

/// The reason why a run ends without its result.
///
/// @param exit    the exit code
/// @param code    the stable code: a problem's id, or one of those that [Failures] gives to what is no
///                problem of a file
/// @param message what went wrong, in one sentence
/// @param place   where
/// @param hint    what to do about it
public record Failure(ExitCode exit, String code, Message message, Place place, Optional<Message> hint) {
    /// A failure without a place.
    static Failure nowhere(ExitCode exit, String code, Message message, Message hint) {
        return new Failure(exit, code, message, Place.nowhere(), Optional.of(hint));
    }
}
