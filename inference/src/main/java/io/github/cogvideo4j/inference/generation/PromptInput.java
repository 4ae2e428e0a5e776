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
public record PromptInput(String text, Optional<Path> input, Optional<Path> lastImage, Optional<Path> mask) {
    /// A prompt without an input.
    public PromptInput(String text) {
        this(text, Optional.empty());
    }

    /// A prompt with an image, a video or a control video.
    public PromptInput(String text, Optional<Path> input) {
        this(text, input, Optional.empty(), Optional.empty());
    }
}
