package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.formats.problem.Message;

/// A command line that cannot be carried out, for a reason that the parser does not see: options that do not go
/// together, an argument file that cannot be read.
public final class UsageException extends RuntimeException {
    private final transient Message usage;

    /// An error from a bundle key and the values for its placeholders.
    public UsageException(String key, Object... arguments) {
        super(key);
        this.usage = Message.of(key, arguments);
    }

    /// What is wrong.
    public Message usage() {
        return usage;
    }
}
