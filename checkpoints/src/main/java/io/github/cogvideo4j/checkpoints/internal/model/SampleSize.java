package io.github.cogvideo4j.checkpoints.internal.model;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// The size of picture that a model was made for.
///
/// @param height latent pixels
/// @param width  latent pixels
/// @param frames video frames
/// @param tokens tokens of text
record SampleSize(int height, int width, int frames, int tokens) {
    private static final int LARGEST_GRID = 1 << 10;
    private static final int MOST_FRAMES = 1 << 10;

    /// A size whose position table has this many rows, as close to this one as there is: of as many latent frames,
    /// else with another number of them, else with another number of text tokens. Of several grids the one whose
    /// proportions are closest to this one's is taken. Empty when no grid has that many rows.
    Optional<SampleSize> withTableLength(long rows) {
        long published = (frames - 1L) / KnownModel.COMPRESSION + 1;
        Stream<Long> otherFrames = LongStream.rangeClosed(1, MOST_FRAMES)
                .boxed()
                .sorted(Comparator.comparingLong(count -> Math.abs(count - published)));
        return Stream.concat(
                        otherFrames.flatMap(count -> grid(rows, tokens, count).stream()),
                        List.of(published, 1L).stream()
                                .flatMap(count -> grid(rows, remainder(rows, count), count).stream()))
                .findFirst();
    }

    /// The fewest tokens of text that leave whole frames.
    private static long remainder(long rows, long latentFrames) {
        return Math.floorMod(rows - 1, latentFrames) + 1;
    }

    private Optional<SampleSize> grid(long rows, long text, long latentFrames) {
        long patches = rows - text;
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
                closest = Optional.of(new SampleSize(
                        rowsOfGrid * KnownModel.PATCH,
                        (int) columns * KnownModel.PATCH,
                        (int) (latentFrames - 1) * KnownModel.COMPRESSION + 1,
                        (int) text));
            }
        }
        return closest;
    }
}
