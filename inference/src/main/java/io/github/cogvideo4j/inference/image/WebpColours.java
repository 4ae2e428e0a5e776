package io.github.cogvideo4j.inference.image;

/// libwebp's conversion of a lossy image to colours. The colour planes have half the rows and columns; each is
/// interpolated to full size with the weights 9, 3, 3 and 1, rounded as libwebp rounds, and then converted from BT.601
/// with 14 bits.
///
/// Source of weights and factors: libwebp 1.2, `src/dsp/upsampling.c` ("fancy" upsampling, the default) and
/// `src/dsp/yuv.h`.
final class WebpColours {
    private static final int FACTOR_BITS = 8;
    private static final int RESULT_BITS = 6;
    private static final int MOST = 255;

    private WebpColours() {}

    /// Two neighbouring rows of a colour plane.
    static final class Rows {
        private final byte[] near;
        private final byte[] far;

        /// @param near the one that is nearer to the row of pixels
        /// @param far  the other one, the same at the image's edge
        Rows(byte[] near, byte[] far) {
            this.near = near;
            this.far = far;
        }

        /// The interpolated value at a column of the full size.
        ///
        /// @param width how many columns the full size has
        int at(int x, int width) {
            int right = (x + 1) / 2;
            if (x == 0 || (x == width - 1 && width % 2 == 0)) {
                int column = x == 0 ? 0 : right - 1;
                return (3 * value(near, column) + value(far, column) + 2) >> 2;
            }
            int nearLeft = value(near, right - 1);
            int nearRight = value(near, right);
            int farLeft = value(far, right - 1);
            int farRight = value(far, right);
            int sum = nearLeft + nearRight + farLeft + farRight + 8;
            return x % 2 == 1
                    ? (((sum + 2 * (nearRight + farLeft)) >> 3) + nearLeft) >> 1
                    : (((sum + 2 * (nearLeft + farRight)) >> 3) + nearRight) >> 1;
        }
    }

    /// Makes a row of pixels.
    ///
    /// @param luma the brightness of each pixel
    /// @param u    the first colour plane
    /// @param v    the second one
    /// @param rgb  takes three bytes for each pixel
    static void row(byte[] luma, Rows u, Rows v, byte[] rgb) {
        for (int x = 0; x < luma.length; x++) {
            int brightness = scaled(value(luma, x), 19077);
            int blue = u.at(x, luma.length);
            int red = v.at(x, luma.length);
            rgb[3 * x] = clipped(brightness + scaled(red, 26149) - 14234);
            rgb[3 * x + 1] = clipped(brightness - scaled(blue, 6419) - scaled(red, 13320) + 8708);
            rgb[3 * x + 2] = clipped(brightness + scaled(blue, 33050) - 17685);
        }
    }

    private static int scaled(int value, int factor) {
        return (value * factor) >> FACTOR_BITS;
    }

    private static byte clipped(int value) {
        return (byte) Math.clamp(value >> RESULT_BITS, 0, MOST);
    }

    private static int value(byte[] row, int column) {
        return Byte.toUnsignedInt(row[column]);
    }
}
