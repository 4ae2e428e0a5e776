package io.github.cogvideo4j.cli.arguments;

import java.util.ArrayList;
import java.util.List;

/// The inputs that a command needs where the parser cannot know it, such as a prompt unless a record has one. All that
/// is missing is told at once.
public final class Needed {
    private final List<String> names = new ArrayList<>();
    private final List<String> sentences = new ArrayList<>();

    /// Notes something that is needed.
    ///
    /// @param given    whether it is there
    /// @param name     the option or argument
    /// @param sentence the bundle's key of what to say where nothing else is missing
    public Needed unless(boolean given, String name, String sentence) {
        if (!given) {
            names.add(name);
            sentences.add(sentence);
        }
        return this;
    }

    /// Refuses a command line that lacks anything.
    ///
    /// @throws UsageException naming all of it
    public void check() {
        if (names.size() == 1) {
            throw new UsageException(sentences.getFirst());
        }
        if (!names.isEmpty()) {
            throw new UsageException("cli.usage.missing", names);
        }
    }
}
