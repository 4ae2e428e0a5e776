package io.github.cogvideo4j.inference.generation;

import java.util.List;

/// What a model was trained for, and what it can compute: the basis of a form that offers its sizes and lengths.
///
/// @param kinds           what videos of it may start from
/// @param inpaints        whether it makes what a mask leaves open, and takes a last image
/// @param extendable      whether it continues videos
/// @param height          the usual height in pixels
/// @param width           the usual width in pixels
/// @param sideStep        heights and widths are multiples of this
/// @param largestSide     the largest height or width
/// @param onlyOneSize     whether the usual size is the only one
/// @param frames          the frames that it was trained with
/// @param frameStep       trained lengths are multiples of this, and one frame more
/// @param framesPerSecond how fast its videos play
/// @param scheduler       the scheduler that its folder names, as diffusers calls it
/// @param textTokens      how much of a prompt it reads
public record ModelTraits(
        List<GenerationKind> kinds,
        boolean inpaints,
        boolean extendable,
        int height,
        int width,
        int sideStep,
        int largestSide,
        boolean onlyOneSize,
        int frames,
        int frameStep,
        double framesPerSecond,
        String scheduler,
        int textTokens) {
    /// Copies the list.
    public ModelTraits {
        kinds = List.copyOf(kinds);
    }
}
