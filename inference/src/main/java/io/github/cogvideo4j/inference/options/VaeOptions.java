package io.github.cogvideo4j.inference.options;

import java.util.Optional;

/// How a video is encoded or decoded.
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
}
