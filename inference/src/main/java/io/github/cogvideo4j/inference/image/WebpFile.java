package io.github.cogvideo4j.inference.image;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.internal.cuda.Presets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/// Reads a still WebP image: FFmpeg's decoder gives the samples, and [WebpColours] makes of them the pixels that
/// libwebp makes. Transparency is left out.
final class WebpFile {
    /// About twenty times what the largest common photograph takes.
    private static final long LARGEST_FILE = 128L << 20;

    private WebpFile() {}

    static Image read(Path file) throws IOException {
        byte[] bytes = bytes(file);
        Presets.settle();
        AVCodec codec = avcodec.avcodec_find_decoder_by_name("webp");
        if (codec == null) {
            throw refused(file, "inference.image.foreign", "WebP");
        }
        int level = avutil.av_log_get_level();
        avutil.av_log_set_level(avutil.AV_LOG_QUIET);
        try (AVCodecContext decoder = avcodec.avcodec_alloc_context3(codec);
                AVPacket packet = avcodec.av_packet_alloc();
                AVFrame frame = avutil.av_frame_alloc()) {
            try {
                decode(file, bytes, codec, decoder, packet, frame);
                return pixels(file, frame);
            } finally {
                avutil.av_frame_free(frame);
                avcodec.av_packet_free(packet);
                avcodec.avcodec_free_context(decoder);
            }
        } finally {
            avutil.av_log_set_level(level);
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            if (channel.size() > LARGEST_FILE) {
                throw refused(file, "inference.image.file-size", channel.size(), LARGEST_FILE);
            }
            ByteBuffer read = RegularFile.read(channel, 0, ByteBuffer.allocate((int) channel.size()));
            byte[] bytes = new byte[read.remaining()];
            read.get(bytes);
            return bytes;
        }
    }

    private static void decode(
            Path file, byte[] bytes, AVCodec codec, AVCodecContext decoder, AVPacket packet, AVFrame frame) {
        decoder.max_pixels(ImageFile.MOST_PIXELS);
        decoder.thread_count(1);
        // Half an image is no image, as for Pillow.
        decoder.err_recognition(avcodec.AV_EF_EXPLODE);
        boolean decoded = avcodec.avcodec_open2(decoder, codec, (AVDictionary) null) >= 0
                && avcodec.av_new_packet(packet, bytes.length) >= 0;
        if (decoded) {
            try (BytePointer data = packet.data()) {
                data.put(bytes, 0, bytes.length);
            }
            decoded = avcodec.avcodec_send_packet(decoder, packet) >= 0
                    && avcodec.avcodec_receive_frame(decoder, frame) >= 0;
        }
        if (!decoded) {
            throw refused(file, "inference.image.damaged", "WebP");
        }
    }

    private static Image pixels(Path file, AVFrame frame) {
        int width = frame.width();
        int height = frame.height();
        if (width < 1 || height < 1 || (long) width * height > ImageFile.MOST_PIXELS) {
            throw refused(file, "inference.image.pixels", width, height, ImageFile.MOST_PIXELS);
        }
        int format = frame.format();
        boolean argb = format == avutil.AV_PIX_FMT_ARGB;
        if (!argb && format != avutil.AV_PIX_FMT_YUV420P && format != avutil.AV_PIX_FMT_YUVA420P) {
            throw refused(file, "inference.image.foreign", "WebP");
        }
        Image image = Image.allocate(height, width);
        boolean whole = false;
        try {
            byte[] row = new byte[width * Image.CHANNELS];
            for (int y = 0; y < height; y++) {
                if (argb) {
                    colours(row(frame, 0, y, 4 * width), row);
                } else {
                    WebpColours.row(luma(frame, y, width), chroma(frame, 1, y), chroma(frame, 2, y), row);
                }
                MemorySegment.copy(row, 0, image.row(y), ValueLayout.JAVA_BYTE, 0, row.length);
            }
            whole = true;
            return image;
        } finally {
            if (!whole) {
                image.close();
            }
        }
    }

    private static void colours(byte[] argb, byte[] row) {
        for (int x = 0; x < row.length / Image.CHANNELS; x++) {
            System.arraycopy(argb, 4 * x + 1, row, Image.CHANNELS * x, Image.CHANNELS);
        }
    }

    private static byte[] luma(AVFrame frame, int y, int width) {
        return row(frame, 0, y, width);
    }

    /// The nearer and the farther row of one of the two colour planes, which have half the rows.
    private static WebpColours.Rows chroma(AVFrame frame, int plane, int y) {
        int width = (frame.width() + 1) / 2;
        int last = (frame.height() + 1) / 2 - 1;
        int near = y / 2;
        int far = Math.clamp(near + (y % 2 == 0 ? -1 : 1), 0, last);
        return new WebpColours.Rows(row(frame, plane, near, width), row(frame, plane, far, width));
    }

    @SuppressWarnings("restricted") // the memory is FFmpeg's, and its rows are at least as long as this
    private static byte[] row(AVFrame frame, int plane, int y, int length) {
        long address = frame.data(plane).address() + (long) y * frame.linesize(plane);
        return MemorySegment.ofAddress(address).reinterpret(length).toArray(ValueLayout.JAVA_BYTE);
    }

    private static InvalidRequestException refused(Path file, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.IMAGE, Place.of(file), key, arguments);
    }
}
