package io.github.cogvideo4j.inference.options;

import java.nio.file.Path;
import java.util.OptionalDouble;

/// An adapter that is added to the transformer's weights when they are loaded.
///
/// @param path  a LoRA file, or a folder that holds one
/// @param scale how strongly it counts; 1 is as it was trained
/// @param alpha the alpha that it was trained with, where the file does not say; without it a LoRA file without
///              alpha applies at weight 1
public record LoraChoice(Path path, double scale, OptionalDouble alpha) {
    /// An adapter as its file describes it.
    public LoraChoice(Path path, double scale) {
        this(path, scale, OptionalDouble.empty());
    }
}
