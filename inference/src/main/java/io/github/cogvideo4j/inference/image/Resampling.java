package io.github.cogvideo4j.inference.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Resizing with a window, in fixed point as Pillow computes it: each axis is a pass of its own, rounded to 8 bits, the
/// horizontal one first; an axis that keeps its length is not touched.
///
/// Source: the resampling of Pillow 12, established by its results (`golden/preprocess`). Coefficients have 22
/// fractional bits, since 8 bits of pixel, 2 bits of headroom and they have to fit into 32.
enum Resampling {
    /// The Lanczos window of three lobes.
    LANCZOS(3) {
        @Override
        double window(double x) {
            return -LOBES <= x && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
        }
    },
    /// The cubic convolution of Keys, with a slope of -1/2.
    BICUBIC(2) {
        @Override
        double window(double x) {
            double distance = Math.abs(x);
            if (distance < 1) {
                return ((CUBIC_SLOPE + 2) * distance - (CUBIC_SLOPE + 3)) * distance * distance + 1;
            }
            return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * CUBIC_SLOPE : 0;
        }
    };

    private static final double LOBES = 3;
    private static final double CUBIC_SLOPE = -0.5;
    private static final int FRACTION_BITS = 22;
    private static final int HALF = 1 << (FRACTION_BITS - 1);

    private final double support;

    Resampling(double support) {
        this.support = support;
    }

    /// A window's value at a distance from its middle, in pixels of the coarser grid.
    abstract double window(double x);

    Image resize(Image source, int height, int width) {
        Image result = Image.allocate(height, width);
        boolean across = width != source.width();
        boolean down = height != source.height();
        if (across && down) {
            try (Image between = Image.allocate(source.height(), width)) {
                horizontal(source, between);
                vertical(between, result);
            }
        } else if (across) {
            horizontal(source, result);
        } else if (down) {
            vertical(source, result);
        } else {
            result.pixels().copyFrom(source.pixels());
        }
        return result;
    }

    private void horizontal(Image source, Image target) {
        Taps taps = taps(source.width(), target.width());
        byte[] in = new byte[source.width() * Image.CHANNELS];
        byte[] out = new byte[target.width() * Image.CHANNELS];
        for (int y = 0; y < source.height(); y++) {
            MemorySegment.copy(source.row(y), ValueLayout.JAVA_BYTE, 0, in, 0, in.length);
            for (int x = 0; x < target.width(); x++) {
                int[] weights = taps.weights[x];
                for (int channel = 0; channel < Image.CHANNELS; channel++) {
                    int sum = HALF;
                    int position = taps.first[x] * Image.CHANNELS + channel;
                    for (int weight : weights) {
                        sum += Byte.toUnsignedInt(in[position]) * weight;
                        position += Image.CHANNELS;
                    }
                    out[x * Image.CHANNELS + channel] = clip(sum);
                }
            }
            MemorySegment.copy(out, 0, target.row(y), ValueLayout.JAVA_BYTE, 0, out.length);
        }
    }

    private void vertical(Image source, Image target) {
        Taps taps = taps(source.height(), target.height());
        int length = source.width() * Image.CHANNELS;
        byte[] line = new byte[length];
        int[] sums = new int[length];
        for (int y = 0; y < target.height(); y++) {
            Arrays.fill(sums, HALF);
            int[] weights = taps.weights[y];
            for (int tap = 0; tap < weights.length; tap++) {
                MemorySegment.copy(source.row(taps.first[y] + tap), ValueLayout.JAVA_BYTE, 0, line, 0, length);
                for (int i = 0; i < length; i++) {
                    sums[i] += Byte.toUnsignedInt(line[i]) * weights[tap];
                }
            }
            for (int i = 0; i < length; i++) {
                line[i] = clip(sums[i]);
            }
            MemorySegment.copy(line, 0, target.row(y), ValueLayout.JAVA_BYTE, 0, length);
        }
    }

    private static byte clip(int sum) {
        return (byte) Math.clamp(sum >> FRACTION_BITS, 0, 255);
    }

    /// The windows of all places of the result: where each begins in the source, and the weights from there on.
    private static final class Taps {
        private final int[] first;
        private final int[][] weights;

        private Taps(int[] first, int[][] weights) {
            this.first = first;
            this.weights = weights;
        }
    }

    private Taps taps(int from, int to) {
        double scale = (double) from / to;
        double stretch = Math.max(scale, 1);
        double reach = support * stretch;
        int[] first = new int[to];
        int[][] weights = new int[to][];
        for (int place = 0; place < to; place++) {
            double centre = (place + 0.5) * scale;
            first[place] = Math.max(0, (int) (centre - reach + 0.5));
            int end = Math.min(from, (int) (centre + reach + 0.5));
            double[] values = new double[end - first[place]];
            double sum = 0;
            for (int i = 0; i < values.length; i++) {
                values[i] = window((i + first[place] - centre + 0.5) / stretch);
                sum += values[i];
            }
            weights[place] = fixedPoint(values, sum);
        }
        return new Taps(first, weights);
    }

    private static int[] fixedPoint(double[] window, double sum) {
        int[] weights = new int[window.length];
        for (int i = 0; i < window.length; i++) {
            double scaled = (sum == 0 ? window[i] : window[i] / sum) * (1 << FRACTION_BITS);
            weights[i] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }
        return weights;
    }

    private static double sinc(double x) {
        return x == 0 ? 1 : StrictMath.sin(x * Math.PI) / (x * Math.PI);
    }
}
