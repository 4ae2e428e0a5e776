package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.formats.problem.Message;
import java.util.stream.Stream;

/// A value that an option cannot take, thrown by the option's converter.
public final class WrongValueException extends RuntimeException {
    private final transient String key;
    private final transient Object[] values;

    /// An error from a bundle key. Its `{0}` stands for the option, which a converter does not know; the values
    /// given here follow as `{1}` and so on.
    public WrongValueException(String key, Object... values) {
        super(key);
        this.key = key;
        this.values = values.clone();
    }

    /// What is wrong, said of the option or parameter that it concerns.
    public Message of(String argument) {
        return Message.of(
                key, Stream.concat(Stream.of(argument), Stream.of(values)).toArray());
    }
}
