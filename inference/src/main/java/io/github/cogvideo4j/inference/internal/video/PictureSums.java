package io.github.cogvideo4j.inference.internal.video;

import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoCheck;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The sums over a video's 8-bit values, gathered frame by frame; only the last frame has to be kept.
public final class PictureSums {
    /// From here on a value counts as clipped: encoders leave white at a little less than 255.
    private static final int CLIPPED = 250;

    private final int height;
    private final byte[] row;
    private final byte[] before;
    private int frames;
    private double values;
    private double sum;
    private double squares;
    private double pairs;
    private double products;
    private double firsts;
    private double seconds;
    private double changes;
    private double changed;

    /// The sums of one frame by itself.
    ///
    /// @param clipped  the share of its pixels of which at least one value is 250 or more
    /// @param change   the mean absolute difference of its values from those of the frame before; of the
    ///                 first, 0
    /// @param repeated whether it is the frame before, value for value
    public record Picture(double clipped, double change, boolean repeated) {}

    /// Sums for frames of a size.
    public PictureSums(int height, int width) {
        this.height = height;
        this.row = new byte[width * Video.CHANNELS];
        this.before = new byte[row.length];
    }

    /// Adds a frame.
    ///
    /// @param frame    its pixels, `[height, width, 3]`
    /// @param previous those of the frame before; not looked at for the first one
    public Picture add(MemorySegment frame, MemorySegment previous) {
        long clipped = 0;
        double change = 0;
        boolean repeated = frames > 0;
        long length = row.length;
        for (int y = 0; y < height; y++) {
            MemorySegment.copy(frame, ValueLayout.JAVA_BYTE, y * length, row, 0, row.length);
            clipped += addRow();
            if (frames > 0) {
                MemorySegment.copy(previous, ValueLayout.JAVA_BYTE, y * length, before, 0, row.length);
                if (!Arrays.equals(row, before)) {
                    repeated = false;
                    change += difference();
                }
            }
        }
        double size = (double) length * height;
        if (frames > 0) {
            changed += change;
            changes += size;
        }
        frames++;
        return new Picture(clipped * Video.CHANNELS / size, change / size, repeated);
    }

    /// Adds a row; tells how many of its pixels are clipped.
    private int addRow() {
        int clipped = 0;
        for (int i = 0; i < row.length; i++) {
            double value = Byte.toUnsignedInt(row[i]);
            sum += value;
            squares += value * value;
            if (i >= Video.CHANNELS) {
                double left = Byte.toUnsignedInt(row[i - Video.CHANNELS]);
                products += left * value;
                firsts += left;
                seconds += value;
            }
        }
        values += row.length;
        pairs += row.length - Video.CHANNELS;
        for (int i = 0; i < row.length; i += Video.CHANNELS) {
            if (Byte.toUnsignedInt(row[i]) >= CLIPPED
                    || Byte.toUnsignedInt(row[i + 1]) >= CLIPPED
                    || Byte.toUnsignedInt(row[i + 2]) >= CLIPPED) {
                clipped++;
            }
        }
        return clipped;
    }

    private long difference() {
        long sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += Math.abs(Byte.toUnsignedInt(row[i]) - Byte.toUnsignedInt(before[i]));
        }
        return sum;
    }

    /// What can be seen of all frames together; at least one was added.
    public VideoCheck check() {
        double mean = sum / values;
        double variance = Math.max(0, squares / values - mean * mean);
        double covariance = pairs == 0 ? variance : products / pairs - firsts / pairs * (seconds / pairs);
        return new VideoCheck(
                mean,
                Math.sqrt(variance),
                changes == 0 ? 0 : changed / changes,
                variance == 0 ? 1 : covariance / variance,
                frames);
    }
}
