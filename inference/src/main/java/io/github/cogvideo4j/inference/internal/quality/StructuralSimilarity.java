package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.inference.video.Video;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalDouble;

/// SSIM and MS-SSIM of frames of one size; see [VideoSimilarity]. Frames narrower than the window have a
/// smaller one, and no MS-SSIM where the smallest scale is narrower than the window.
final class StructuralSimilarity {
    private static final int WINDOW = 11;
    private static final double DEVIATION = 1.5;
    private static final double C1 = 0.01 * 255 * 0.01 * 255;
    private static final double C2 = 0.03 * 255 * 0.03 * 255;

    /// The weights of the scales, from the frames as they are to a sixteenth.
    private static final double[] SCALES = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

    private final int height;
    private final int width;
    private final double[] weights;

    /// The likeness of two frames.
    ///
    /// @param ssim       at most 1
    /// @param multiScale MS-SSIM, at most 1; none of small frames
    record Similarity(double ssim, OptionalDouble multiScale) {}

    /// One channel of a frame.
    private static final class Plane {
        private final double[] values;
        private final int height;
        private final int width;

        Plane(double[] values, int height, int width) {
            this.values = values;
            this.height = height;
            this.width = width;
        }

        /// Half the size, each value the mean of four; an odd last row or column is left out.
        Plane half() {
            Plane half = new Plane(new double[(height / 2) * (width / 2)], height / 2, width / 2);
            for (int y = 0; y < half.height; y++) {
                for (int x = 0; x < half.width; x++) {
                    int at = 2 * y * width + 2 * x;
                    half.values[y * half.width + x] =
                            (values[at] + values[at + 1] + values[at + width] + values[at + width + 1]) / 4;
                }
            }
            return half;
        }

        Plane times(Plane other) {
            double[] products = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                products[i] = values[i] * other.values[i];
            }
            return new Plane(products, height, width);
        }
    }

    /// The means over all windows of one scale.
    ///
    /// @param ssim      luminance, contrast and structure
    /// @param structure contrast and structure alone
    private record Scale(double ssim, double structure) {}

    StructuralSimilarity(int height, int width) {
        this.height = height;
        this.width = width;
        int size = Math.min(WINDOW, Math.min(height, width) - (1 - Math.min(height, width) % 2));
        this.weights = gaussian(Math.max(1, size));
    }

    private static double[] gaussian(int size) {
        double[] weights = new double[size];
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double distance = i - size / 2;
            weights[i] = Math.exp(-distance * distance / (2 * DEVIATION * DEVIATION));
            sum += weights[i];
        }
        for (int i = 0; i < size; i++) {
            weights[i] /= sum;
        }
        return weights;
    }

    Similarity of(MemorySegment one, MemorySegment other) {
        boolean scaled = Math.min(height, width) >> (SCALES.length - 1) >= WINDOW;
        double ssim = 0;
        double multiScale = 0;
        for (int channel = 0; channel < Video.CHANNELS; channel++) {
            Plane x = plane(one, channel);
            Plane y = plane(other, channel);
            Scale scale = compare(x, y);
            ssim += scale.ssim;
            multiScale += scaled ? multiScale(scale, x, y) : 0;
        }
        return new Similarity(
                ssim / Video.CHANNELS,
                scaled ? OptionalDouble.of(multiScale / Video.CHANNELS) : OptionalDouble.empty());
    }

    /// A product of powers: what is below 0, which has none, counts 0.
    private double multiScale(Scale first, Plane one, Plane other) {
        Scale scale = first;
        Plane x = one;
        Plane y = other;
        double product = 1;
        for (int i = 0; i < SCALES.length - 1; i++) {
            product *= Math.pow(Math.max(0, scale.structure), SCALES[i]);
            x = x.half();
            y = y.half();
            scale = compare(x, y);
        }
        return product * Math.pow(Math.max(0, scale.ssim), SCALES[SCALES.length - 1]);
    }

    private Plane plane(MemorySegment frame, int channel) {
        double[] values = new double[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = frame.get(ValueLayout.JAVA_BYTE, (long) i * Video.CHANNELS + channel) & 0xFF;
        }
        return new Plane(values, height, width);
    }

    private Scale compare(Plane x, Plane y) {
        double[] meanX = blurred(x);
        double[] meanY = blurred(y);
        double[] squaresX = blurred(x.times(x));
        double[] squaresY = blurred(y.times(y));
        double[] mixed = blurred(x.times(y));
        double sum = 0;
        double structures = 0;
        for (int i = 0; i < meanX.length; i++) {
            double varianceX = squaresX[i] - meanX[i] * meanX[i];
            double varianceY = squaresY[i] - meanY[i] * meanY[i];
            double covariance = mixed[i] - meanX[i] * meanY[i];
            double structure = (2 * covariance + C2) / (varianceX + varianceY + C2);
            structures += structure;
            sum += (2 * meanX[i] * meanY[i] + C1) / (meanX[i] * meanX[i] + meanY[i] * meanY[i] + C1) * structure;
        }
        return new Scale(sum / meanX.length, structures / meanX.length);
    }

    /// The weighted mean of each window inside the plane: along rows, then along columns.
    private double[] blurred(Plane plane) {
        int columns = plane.width - weights.length + 1;
        int rows = plane.height - weights.length + 1;
        double[] across = new double[plane.height * columns];
        for (int y = 0; y < plane.height; y++) {
            for (int x = 0; x < columns; x++) {
                double sum = 0;
                for (int i = 0; i < weights.length; i++) {
                    sum += weights[i] * plane.values[y * plane.width + x + i];
                }
                across[y * columns + x] = sum;
            }
        }
        double[] result = new double[rows * columns];
        for (int y = 0; y < rows; y++) {
            for (int i = 0; i < weights.length; i++) {
                int from = (y + i) * columns;
                for (int x = 0; x < columns; x++) {
                    result[y * columns + x] += weights[i] * across[from + x];
                }
            }
        }
        return result;
    }
}
