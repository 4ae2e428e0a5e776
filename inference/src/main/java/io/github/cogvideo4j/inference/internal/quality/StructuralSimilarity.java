package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.inference.video.Video;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// SSIM of frames of one size; see [VideoSimilarity]. Frames narrower than the window have a smaller one.
final class StructuralSimilarity {
    private static final int WINDOW = 11;
    private static final double DEVIATION = 1.5;
    private static final double C1 = 0.01 * 255 * 0.01 * 255;
    private static final double C2 = 0.03 * 255 * 0.03 * 255;

    private final int height;
    private final int width;
    private final double[] weights;

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

    double of(MemorySegment one, MemorySegment other) {
        double sum = 0;
        for (int channel = 0; channel < Video.CHANNELS; channel++) {
            sum += of(values(one, channel), values(other, channel));
        }
        return sum / Video.CHANNELS;
    }

    private double[] values(MemorySegment frame, int channel) {
        double[] values = new double[height * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = frame.get(ValueLayout.JAVA_BYTE, (long) i * Video.CHANNELS + channel) & 0xFF;
        }
        return values;
    }

    private double of(double[] x, double[] y) {
        double[] meanX = blurred(x);
        double[] meanY = blurred(y);
        double[] squaresX = blurred(products(x, x));
        double[] squaresY = blurred(products(y, y));
        double[] mixed = blurred(products(x, y));
        double sum = 0;
        for (int i = 0; i < meanX.length; i++) {
            double varianceX = squaresX[i] - meanX[i] * meanX[i];
            double varianceY = squaresY[i] - meanY[i] * meanY[i];
            double covariance = mixed[i] - meanX[i] * meanY[i];
            sum += (2 * meanX[i] * meanY[i] + C1)
                    * (2 * covariance + C2)
                    / ((meanX[i] * meanX[i] + meanY[i] * meanY[i] + C1) * (varianceX + varianceY + C2));
        }
        return sum / meanX.length;
    }

    private static double[] products(double[] x, double[] y) {
        double[] products = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            products[i] = x[i] * y[i];
        }
        return products;
    }

    /// The weighted mean of each window inside the frame: along rows, then along columns.
    private double[] blurred(double[] values) {
        int columns = width - weights.length + 1;
        int rows = height - weights.length + 1;
        double[] across = new double[height * columns];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < columns; x++) {
                double sum = 0;
                for (int i = 0; i < weights.length; i++) {
                    sum += weights[i] * values[y * width + x + i];
                }
                across[y * columns + x] = sum;
            }
        }
        double[] result = new double[rows * columns];
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                double sum = 0;
                for (int i = 0; i < weights.length; i++) {
                    sum += weights[i] * across[(y + i) * columns + x];
                }
                result[y * columns + x] = sum;
            }
        }
        return result;
    }
}
