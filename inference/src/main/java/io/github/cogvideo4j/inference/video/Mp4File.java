package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.inference.internal.video.PixelFrame;
import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;

/// The writer of MP4 files with H.264, 4:2:0, in the colours of BT.709, ready to be played while they load.
///
/// The format knows even sizes only: an odd one gets one more row or column, the last one repeated.
final class Mp4File {
    /// The encoder: Cisco's, whose licence lets it be shipped.
    static final String ENCODER = "libopenh264";

    private static final double BITS_PER_PIXEL = 0.6;
    private static final double MOST_BITS_PER_PIXEL = 4;
    private static final long LEAST_BITS = 1_000_000;
    private static final long MOST_BITS = 200_000_000;

    private Mp4File() {}

    static void write(Video video, Path file, boolean overwrite) throws IOException {
        OutputFile.write(file, overwrite, unfinished -> encode(video, unfinished, file));
    }

    /// How frames of a size are encoded.
    static Muxer.Settings settings(int height, int width, double framesPerSecond) {
        double pixels = (double) even(height) * even(width) * framesPerSecond;
        return new Muxer.Settings(
                ENCODER,
                even(width),
                even(height),
                framesPerSecond,
                avutil.AV_PIX_FMT_YUV420P,
                bitRate(pixels),
                Map.of("allow_skip_frames", "0", "rc_mode", "quality", "profile", "high", "coder", "cabac"),
                Map.of("movflags", "+faststart"));
    }

    /// What small pictures get at least is less than they have: asked for more, the encoder quantises so little
    /// that the noise of a broken model does not fit into its buffer, and it gives up.
    private static long bitRate(double pixelsPerSecond) {
        long least = Math.min(LEAST_BITS, (long) (pixelsPerSecond * MOST_BITS_PER_PIXEL));
        return Math.clamp((long) (pixelsPerSecond * BITS_PER_PIXEL), least, MOST_BITS);
    }

    private static void encode(Video video, Path unfinished, Path file) throws IOException {
        int height = even(video.height());
        int width = even(video.width());
        Muxer.Settings settings = settings(video.height(), video.width(), video.framesPerSecond());
        AVFrame encoded = null;
        try (Muxer muxer = new Muxer(unfinished, file, "mp4", settings);
                PixelFrame pixelFrame = new PixelFrame(height, width)) {
            encoded = yuv(height, width);
            for (int i = 0; i < video.frames(); i++) {
                pixelFrame.fill(video.frame(i), video.height(), video.width());
                avutil.av_frame_make_writable(encoded);
                pixelFrame.convertInto(encoded);
                muxer.encode(encoded, i);
            }
            muxer.finish();
        } finally {
            if (encoded != null) {
                avutil.av_frame_free(encoded);
            }
        }
    }

    private static AVFrame yuv(int height, int width) throws IOException {
        AVFrame frame = avutil.av_frame_alloc();
        frame.format(avutil.AV_PIX_FMT_YUV420P).width(width).height(height);
        frame.colorspace(avutil.AVCOL_SPC_BT709).color_range(avutil.AVCOL_RANGE_MPEG);
        if (avutil.av_frame_get_buffer(frame, 0) < 0) {
            avutil.av_frame_free(frame);
            throw new IOException("no memory for a frame of " + width + " x " + height);
        }
        return frame;
    }

    private static int even(int size) {
        return size + (size & 1);
    }
}
