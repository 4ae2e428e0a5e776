package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.formats.Strictness;
import java.util.Optional;

/// The choices that a path leaves open.
///
/// @param tag           the tag folder to take instead of what `latest` names
/// @param fromModule    take the `module` of the model-states file, in the training dtype, because the
///                      optimizer's files are gone
/// @param excludeFrozen leave out parameters that were not trained
/// @param average       take the averaged (EMA) weights, where the checkpoint has them beside the trained ones
/// @param strictness    what becomes of files that other readers accept although the format forbids it
public record SourceOptions(
        Optional<String> tag, boolean fromModule, boolean excludeFrozen, boolean average, Strictness strictness) {
    /// Everything else as it is mostly wanted.
    public SourceOptions(Optional<String> tag, boolean fromModule, boolean excludeFrozen) {
        this(tag, fromModule, excludeFrozen, false, Strictness.LENIENT);
    }

    /// Everything as the checkpoint says.
    public static SourceOptions defaults() {
        return new SourceOptions(Optional.empty(), false, false);
    }

    /// The same with a tag.
    public SourceOptions withTag(String newTag) {
        return new SourceOptions(Optional.of(newTag), fromModule, excludeFrozen, average, strictness);
    }

    /// The same with the averaged weights, or without.
    public SourceOptions withAverage(boolean taken) {
        return new SourceOptions(tag, fromModule, excludeFrozen, taken, strictness);
    }
}
