package io.github.cogvideo4j.inference.generation;

import java.nio.file.Path;
import java.util.Optional;

/// A prompt with the file that its video starts from or is controlled by.
///
/// @param text      what the video shows, in words
/// @param input     the image or video, a video also as a folder of PNG frames; none for text to video
/// @param lastImage the image that the video ends with, beside one that it begins with; inpainting models only
/// @param mask      for a video: white where it is made anew, as an image for all frames or a video; inpainting models
///                  only
/// @param original  the words that were given, where the text is what a language model made of them
public record PromptInput(
        String text, Optional<Path> input, Optional<Path> lastImage, Optional<Path> mask, Optional<String> original) {
    /// A prompt without an input.
    public PromptInput(String text) {
        this(text, Optional.empty());
    }

    /// A prompt with an image, a video or a control video.
    public PromptInput(String text, Optional<Path> input) {
        this(text, input, Optional.empty(), Optional.empty(), Optional.empty());
    }

    /// The same prompt in the words of a language model.
    public PromptInput enhanced(String better) {
        return new PromptInput(better, input, lastImage, mask, Optional.of(original.orElse(text)));
    }

    /// With another input, or none.
    public PromptInput withInput(Optional<Path> value) {
        return new PromptInput(text, value, lastImage, mask, original);
    }
}
