package io.github.cogvideo4j.inference.system;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.List;
import java.util.Optional;

/// One thing that inference needs.
///
/// @param name   a stable name: `jdk`, `libtorch`, `ffmpeg`, `encoder-mp4`, `device`, `memory`, `disk`, ...
/// @param found  what is here
/// @param remedy what to do about it, when it is not enough
/// @param changes the fields of a request that help
public record Check(String name, Message found, Optional<Message> remedy, List<Remedy> changes) {
    /// Copies the list.
    public Check {
        changes = List.copyOf(changes);
    }

    /// Something that is as it should be.
    static Check good(String name, String key, Object... arguments) {
        return new Check(name, Message.of(key, arguments), Optional.empty(), List.of());
    }

    /// Something that is missing.
    static Check gap(String name, Message found, Message remedy, Remedy... changes) {
        return new Check(name, found, Optional.of(remedy), List.of(changes));
    }

    /// Whether it is as it should be.
    public boolean isGood() {
        return remedy.isEmpty();
    }
}
