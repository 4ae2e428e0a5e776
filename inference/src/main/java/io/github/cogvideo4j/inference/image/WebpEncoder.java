package io.github.cogvideo4j.inference.image;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avutil;
import org.bytedeco.javacpp.BytePointer;

/// The writer of still WebP files, lossy. What libwebp gives for a picture is the whole file.
final class WebpEncoder {
    private static final String ENCODER = "libwebp";
    /// Blue, green, red and opacity.
    private static final int BGRA_BYTES = 4;

    private WebpEncoder() {}

    /// @throws MissingCapabilityException `encoder` when this FFmpeg has not the encoder
    static void write(Image image, Path file, boolean overwrite) throws IOException {
        OutputFile.write(file, overwrite, unfinished -> Files.write(unfinished, encoded(image, file)));
    }

    private static byte[] encoded(Image image, Path file) throws IOException {
        AVCodec codec = avcodec.avcodec_find_encoder_by_name(ENCODER);
        if (codec == null) {
            throw new MissingCapabilityException(
                    ProblemCode.ENCODER, Place.of(file), "inference.video.no-encoder", ENCODER);
        }
        try (AVCodecContext encoder = avcodec.avcodec_alloc_context3(codec);
                AVPacket packet = avcodec.av_packet_alloc();
                AVFrame frame = avutil.av_frame_alloc();
                AVRational tick = new AVRational()) {
            try {
                encoder.width(image.width()).height(image.height()).pix_fmt(avutil.AV_PIX_FMT_BGRA);
                encoder.time_base(tick.num(1).den(1)).thread_count(1);
                frame.format(avutil.AV_PIX_FMT_BGRA).width(image.width()).height(image.height());
                boolean encoded = avcodec.avcodec_open2(encoder, codec, (AVDictionary) null) >= 0
                        && avutil.av_frame_get_buffer(frame, 0) >= 0;
                if (encoded) {
                    fill(frame, image);
                    encoded = avcodec.avcodec_send_frame(encoder, frame) >= 0
                            && avcodec.avcodec_receive_packet(encoder, packet) >= 0;
                }
                if (!encoded) {
                    throw new IOException(file + ": " + ENCODER);
                }
                byte[] bytes = new byte[packet.size()];
                try (BytePointer data = packet.data()) {
                    data.get(bytes);
                }
                return bytes;
            } finally {
                avutil.av_frame_free(frame);
                avcodec.av_packet_free(packet);
                avcodec.avcodec_free_context(encoder);
            }
        }
    }

    @SuppressWarnings("restricted") // the memory is FFmpeg's, and its rows are at least as long as this
    private static void fill(AVFrame frame, Image image) {
        byte[] rgb = new byte[image.width() * Image.CHANNELS];
        byte[] bgra = new byte[image.width() * BGRA_BYTES];
        for (int y = 0; y < image.height(); y++) {
            MemorySegment.copy(image.row(y), ValueLayout.JAVA_BYTE, 0, rgb, 0, rgb.length);
            for (int x = 0; x < image.width(); x++) {
                bgra[BGRA_BYTES * x] = rgb[Image.CHANNELS * x + 2];
                bgra[BGRA_BYTES * x + 1] = rgb[Image.CHANNELS * x + 1];
                bgra[BGRA_BYTES * x + 2] = rgb[Image.CHANNELS * x];
                bgra[BGRA_BYTES * x + 3] = (byte) 0xFF;
            }
            long address = frame.data(0).address() + (long) y * frame.linesize(0);
            MemorySegment.copy(
                    bgra,
                    0,
                    MemorySegment.ofAddress(address).reinterpret(bgra.length),
                    ValueLayout.JAVA_BYTE,
                    0,
                    bgra.length);
        }
    }
}
