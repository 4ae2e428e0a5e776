package io.github.cogvideo4j.inference.options;

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
            throw new IllegalArgumentException(
                    "tiles of %d x %d that overlap by %s, %s".formatted(height, width, overlapHeight, overlapWidth));
        }
    }

    private static boolean isShare(double overlap) {
        return overlap >= 0 && overlap < 1;
    }
}
