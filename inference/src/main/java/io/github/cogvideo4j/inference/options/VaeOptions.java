package io.github.cogvideo4j.inference.options;

import java.util.Optional;

/// The options of encoding or decoding a video.
///
/// @param tiling  whether large frames are done in overlapping tiles, blended where they overlap: less
///                memory, and slightly other colours than without
/// @param slicing whether the videos of a batch are done one after the other. They always are here, which
///                changes no number; the option is accepted because the reference has it
/// @param tiles   other tiles than the model's usual ones
public record VaeOptions(boolean tiling, boolean slicing, Optional<TileSize> tiles) {
    /// With the model's usual tiles.
    public VaeOptions(boolean tiling, boolean slicing) {
        this(tiling, slicing, Optional.empty());
    }

    /// Whole frames.
    public static VaeOptions defaults() {
        return new VaeOptions(false, false);
    }

    /// The size of tiles and the share of it by which neighbours overlap.
    ///
    /// @param height        in video pixels
    /// @param width         in video pixels
    /// @param overlapHeight share of the height, at least 0 and below 1
    /// @param overlapWidth  share of the width, at least 0 and below 1
    public record TileSize(int height, int width, double overlapHeight, double overlapWidth) {
        /// Checks the sizes.
        public TileSize {
            if (height < 1 || width < 1 || !isShare(overlapHeight) || !isShare(overlapWidth)) {
                throw new IllegalArgumentException("tiles of %d x %d that overlap by %s, %s"
                        .formatted(height, width, overlapHeight, overlapWidth));
            }
        }

        private static boolean isShare(double overlap) {
            return overlap >= 0 && overlap < 1;
        }
    }
}
