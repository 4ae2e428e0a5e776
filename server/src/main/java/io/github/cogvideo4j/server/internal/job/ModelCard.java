package io.github.cogvideo4j.server.internal.job;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/// What a model that is served can make.
///
/// @param name            its name for clients
/// @param folder          where it is; not for clients
/// @param created         when its folder was made
/// @param loaded          whether it is in memory
/// @param kinds           what its videos can start from
/// @param inpaints        whether it takes a mask, a last image, and several frames of a video to continue
/// @param usual           the video that it makes where nothing is asked for: sizes, frames, rate, scheduler
/// @param frameMultiple   frames are a multiple of this, and one more
/// @param sizeMultiple    width and height are multiples of this
/// @param fixedSize       whether it makes its usual width and height only
/// @param maxPromptTokens the tokens of a prompt that it sees
public record ModelCard(
        String name,
        Path folder,
        Instant created,
        boolean loaded,
        List<GenerationKind> kinds,
        boolean inpaints,
        Job.Made usual,
        int frameMultiple,
        int sizeMultiple,
        boolean fixedSize,
        int maxPromptTokens) {
    /// Copies the list.
    public ModelCard {
        kinds = List.copyOf(kinds);
    }
}
