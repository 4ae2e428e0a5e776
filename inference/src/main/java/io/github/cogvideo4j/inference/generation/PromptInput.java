package io.github.cogvideo4j.inference.generation;

import java.nio.file.Path;
import java.util.Optional;

/// A prompt with the file that its video starts from or is controlled by.
///
/// @param text  what the video shows, in words
/// @param input the image or video, a video also as a folder of PNG frames; none for text to video
public record PromptInput(String text, Optional<Path> input) {
    /// A prompt without an input.
    public PromptInput(String text) {
        this(text, Optional.empty());
    }
}
