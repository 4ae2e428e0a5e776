package io.github.cogvideo4j.checkpoints.internal.model;

import java.util.Optional;

/// The size of picture that a model was made for.
///
/// @param height latent pixels
/// @param width  latent pixels
/// @param frames video frames
record SampleSize(int height, int width, int frames) {
    private static final int TEXT_TOKENS = 226;
    private static final int LARGEST_GRID = 1 << 10;

    /// A size whose position table has this many rows: this one, or one of as many latent frames whose
    /// proportions are closest to this one's. Empty when the rows do not divide into text and frames.
    Optional<SampleSize> withTableLength(long rows) {
        long latentFrames = (frames - 1L) / KnownModel.COMPRESSION + 1;
        long patches = rows - TEXT_TOKENS;
        if (patches <= 0 || patches % latentFrames != 0) {
            return Optional.empty();
        }
        long area = patches / latentFrames;
        Optional<SampleSize> closest = Optional.empty();
        double smallest = Double.POSITIVE_INFINITY;
        for (int rowsOfGrid = 1; rowsOfGrid <= LARGEST_GRID; rowsOfGrid++) {
            long columns = area / rowsOfGrid;
            double distance = Math.abs(Math.log((double) rowsOfGrid / columns * width / height));
            if (area % rowsOfGrid == 0 && columns <= LARGEST_GRID && distance < smallest) {
                smallest = distance;
                closest = Optional.of(
                        new SampleSize(rowsOfGrid * KnownModel.PATCH, (int) columns * KnownModel.PATCH, frames));
            }
        }
        return closest;
    }
}
