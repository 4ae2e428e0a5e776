package io.github.cogvideo4j.inference.internal.video;

import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.ffmpeg.swscale.SwsContext;

/// Frames of FFmpeg as rows of our pixels, and back.
public final class PixelFrame implements AutoCloseable {
    private final AVFrame frame = avutil.av_frame_alloc();
    private final SwsContext scaler = swscale.sws_alloc_context();
    private final int height;
    private final int width;

    /// A frame in 8 bits of red, green and blue.
    public PixelFrame(int height, int width) throws IOException {
        this.height = height;
        this.width = width;
        scaler.flags(swscale.SWS_BICUBIC | swscale.SWS_ACCURATE_RND | swscale.SWS_FULL_CHR_H_INT);
        renew();
    }

    /// Gives the frame new memory, when others may still look at the old one.
    public void renew() throws IOException {
        avutil.av_frame_unref(frame);
        frame.format(avutil.AV_PIX_FMT_RGB24).width(width).height(height);
        frame.colorspace(avutil.AVCOL_SPC_RGB).color_range(avutil.AVCOL_RANGE_JPEG);
        require(avutil.av_frame_get_buffer(frame, 0));
    }

    /// FFmpeg's own object.
    public AVFrame frame() {
        return frame;
    }

    /// Fills the frame with pixels, `[rows, columns, 3]`. Where the frame is larger, the last row and column
    /// are repeated.
    public void fill(MemorySegment pixels, int rows, int columns) {
        long length = (long) columns * Video.CHANNELS;
        for (int y = 0; y < height; y++) {
            MemorySegment row = row(y);
            MemorySegment source = pixels.asSlice(Math.min(y, rows - 1) * length, length);
            row.asSlice(0, length).copyFrom(source);
            for (int x = columns; x < width; x++) {
                row.asSlice((long) x * Video.CHANNELS, Video.CHANNELS)
                        .copyFrom(source.asSlice(length - Video.CHANNELS));
            }
        }
    }

    /// Copies the frame to pixels, `[height, width, 3]`.
    public void copyTo(MemorySegment pixels) {
        long length = (long) width * Video.CHANNELS;
        for (int y = 0; y < height; y++) {
            pixels.asSlice(y * length, length).copyFrom(row(y));
        }
    }

    /// Converts these pixels into a frame of another format and the same size.
    public void convertInto(AVFrame target) throws IOException {
        require(swscale.sws_scale_frame(scaler, target, frame));
    }

    /// Converts a decoded frame of the same size into these pixels.
    public void convertFrom(AVFrame source) throws IOException {
        require(swscale.sws_scale_frame(scaler, frame, source));
    }

    @SuppressWarnings("restricted") // the memory is FFmpeg's, and its rows are as long as the frame is wide
    private MemorySegment row(int y) {
        long address = frame.data(0).address() + (long) y * frame.linesize(0);
        return MemorySegment.ofAddress(address).reinterpret((long) width * Video.CHANNELS);
    }

    private static void require(int result) throws IOException {
        if (result < 0) {
            throw new IOException(Ffmpeg.text(result));
        }
    }

    @Override
    public void close() {
        avutil.av_frame_free(frame);
        swscale.sws_free_context(scaler);
    }
}
