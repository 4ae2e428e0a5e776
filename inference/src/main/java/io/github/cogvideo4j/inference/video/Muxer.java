package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.internal.video.Ffmpeg;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;

/// One encoder and the container that takes what it encodes. Frames are timed by their number.
final class Muxer implements AutoCloseable {
    private static final int FINEST_RATE = 1_001_000;

    private final AVFormatContext container = new AVFormatContext(null);
    private final Path target;
    private final AVCodecContext encoder;
    private final AVPacket packet = avcodec.av_packet_alloc();
    private final AVStream stream;
    private final AVRational tick;

    /// The settings of an encoder.
    ///
    /// @param encoder         FFmpeg's name of the encoder
    /// @param framesPerSecond how fast the frames follow each other
    /// @param pixelFormat     one of FFmpeg's `AV_PIX_FMT`
    /// @param bitRate         bits per second, 0 for the encoder's own
    /// @param options         options of the encoder
    /// @param muxerOptions    options of the container
    record Settings(
            String encoder,
            int width,
            int height,
            double framesPerSecond,
            int pixelFormat,
            long bitRate,
            Map<String, String> options,
            Map<String, String> muxerOptions) {}

    /// @param file   what is written
    /// @param target what it will be called, for messages
    /// @param format FFmpeg's name of the container
    /// @throws MissingCapabilityException `encoder` when this FFmpeg has not the encoder, or it refuses the size
    Muxer(Path file, Path target, String format, Settings settings) throws IOException {
        this.target = target;
        AVCodec codec = codec(settings, target);
        encoder = avcodec.avcodec_alloc_context3(codec);
        AVRational rate = rate(settings);
        tick = new AVRational().num(rate.den()).den(rate.num());
        boolean opened = false;
        try {
            check(avformat.avformat_alloc_output_context2(container, null, format, Ffmpeg.url(file)));
            stream = avformat.avformat_new_stream(container, codec);
            if ((container.oformat().flags() & avformat.AVFMT_GLOBALHEADER) != 0) {
                encoder.flags(encoder.flags() | avcodec.AV_CODEC_FLAG_GLOBAL_HEADER);
            }
            open(encoder, codec, settings, target);
            check(avcodec.avcodec_parameters_from_context(stream.codecpar(), encoder));
            stream.time_base(tick).avg_frame_rate(rate);
            AVIOContext output = new AVIOContext(null);
            check(avformat.avio_open(output, Ffmpeg.url(file), avformat.AVIO_FLAG_WRITE));
            container.pb(output);
            AVDictionary options = Ffmpeg.options(settings.muxerOptions());
            int written = avformat.avformat_write_header(container, options);
            avutil.av_dict_free(options);
            check(written);
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    /// Finds out whether an encoder takes frames of a size and rate, before there are any.
    ///
    /// @param target what will be written, for messages
    /// @throws MissingCapabilityException as when it is written
    static void check(Settings settings, Path target) {
        AVCodec codec = codec(settings, target);
        AVCodecContext encoder = avcodec.avcodec_alloc_context3(codec);
        try {
            open(encoder, codec, settings, target);
        } finally {
            avcodec.avcodec_free_context(encoder);
        }
    }

    private static AVCodec codec(Settings settings, Path target) {
        Ffmpeg.start();
        AVCodec codec = avcodec.avcodec_find_encoder_by_name(settings.encoder());
        if (codec == null) {
            throw new MissingCapabilityException(
                    ProblemCode.ENCODER, Place.of(target), "inference.video.no-encoder", settings.encoder());
        }
        return codec;
    }

    private static AVRational rate(Settings settings) {
        return avutil.av_d2q(settings.framesPerSecond(), FINEST_RATE);
    }

    private static void open(AVCodecContext encoder, AVCodec codec, Settings settings, Path target) {
        AVRational rate = rate(settings);
        encoder.width(settings.width()).height(settings.height()).pix_fmt(settings.pixelFormat());
        encoder.time_base(new AVRational().num(rate.den()).den(rate.num()))
                .framerate(rate)
                .bit_rate(settings.bitRate());
        if (settings.pixelFormat() == avutil.AV_PIX_FMT_YUV420P) {
            encoder.colorspace(avutil.AVCOL_SPC_BT709)
                    .color_primaries(avutil.AVCOL_PRI_BT709)
                    .color_trc(avutil.AVCOL_TRC_BT709)
                    .color_range(avutil.AVCOL_RANGE_MPEG);
        }
        AVDictionary options = Ffmpeg.options(settings.options());
        int opened = avcodec.avcodec_open2(encoder, codec, options);
        avutil.av_dict_free(options);
        if (opened < 0) {
            throw new MissingCapabilityException(
                    ProblemCode.ENCODER,
                    Place.of(target),
                    "inference.video.encoder-refuses",
                    settings.encoder(),
                    settings.width(),
                    settings.height(),
                    settings.framesPerSecond(),
                    Ffmpeg.text(opened));
        }
    }

    /// Encodes a frame.
    ///
    /// @param number its place in the video, counted from 0
    void encode(AVFrame frame, long number) throws IOException {
        frame.pts(number);
        check(avcodec.avcodec_send_frame(encoder, frame));
        writePackets();
    }

    /// Writes what the encoder still holds, and the container's end.
    void finish() throws IOException {
        check(avcodec.avcodec_send_frame(encoder, null));
        writePackets();
        check(avformat.av_write_trailer(container));
        AVIOContext output = container.pb();
        int closed = avformat.avio_closep(output);
        container.pb(output);
        check(closed);
    }

    private void writePackets() throws IOException {
        int received = avcodec.avcodec_receive_packet(encoder, packet);
        while (received >= 0) {
            packet.stream_index(stream.index());
            packet.duration(1);
            avcodec.av_packet_rescale_ts(packet, tick, stream.time_base());
            check(avformat.av_interleaved_write_frame(container, packet));
            received = avcodec.avcodec_receive_packet(encoder, packet);
        }
        if (received != org.bytedeco.ffmpeg.presets.avutil.AVERROR_EAGAIN() && received != avutil.AVERROR_EOF) {
            check(received);
        }
    }

    private void check(int result) throws IOException {
        if (result < 0) {
            throw new IOException(target + ": " + Ffmpeg.text(result));
        }
    }

    @Override
    public void close() {
        avcodec.av_packet_free(packet);
        avcodec.avcodec_free_context(encoder);
        if (!container.isNull()) {
            AVIOContext output = container.pb();
            if (output != null && !output.isNull()) {
                avformat.avio_closep(output);
            }
            avformat.avformat_free_context(container);
        }
    }
}
