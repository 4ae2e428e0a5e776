package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.formats.Strictness;
import java.util.Optional;

/// How to choose where a path leaves a choice.
///
/// @param tag           the tag folder to take instead of what `latest` names
/// @param fromModule    take the `module` of the model-states file, in the training dtype, because the
///                      optimizer's files are gone
/// @param excludeFrozen leave out parameters that were not trained
/// @param strictness    what becomes of files that other readers accept although the format forbids it
public record SourceOptions(Optional<String> tag, boolean fromModule, boolean excludeFrozen, Strictness strictness) {
    /// Everything else as it is mostly wanted.
    public SourceOptions(Optional<String> tag, boolean fromModule, boolean excludeFrozen) {
        this(tag, fromModule, excludeFrozen, Strictness.LENIENT);
    }

    /// Everything as the checkpoint says.
    public static SourceOptions defaults() {
        return new SourceOptions(Optional.empty(), false, false);
    }

    /// The same with a tag.
    public SourceOptions withTag(String newTag) {
        return new SourceOptions(Optional.of(newTag), fromModule, excludeFrozen, strictness);
    }
}
