package io.github.cogvideo4j.inference.internal.video;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.ffmpeg.avcodec.AVCodec;
import org.bytedeco.ffmpeg.avcodec.AVCodecContext;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.avutil;

/// The frames of a video file, decoded one after the other. Nothing but the file itself is opened: FFmpeg
/// gets no protocol but `file`, and only containers and codecs of plain videos.
public final class FrameSource implements AutoCloseable {
    private static final String CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif";
    private static final String CODECS = "h264,hevc,vp8,libvpx,vp9,libvpx-vp9,av1,libdav1d,mpeg4,mpeg2video,mjpeg,"
            + "gif,png,rawvideo,ffv1,prores,qtrle";

    private final Path file;
    private final AVFormatContext container = new AVFormatContext(null);
    private AVCodecContext decoder = new AVCodecContext(null);
    private final AVPacket packet;
    private final AVFrame frame;
    private final AVStream stream;
    private final VideoLimits limits;

    public FrameSource(Path file, VideoLimits limits) throws IOException {
        RegularFile.open(file).close();
        Ffmpeg.start();
        this.file = file;
        this.limits = limits;
        packet = avcodec.av_packet_alloc();
        frame = avutil.av_frame_alloc();
        boolean opened = false;
        try {
            AVDictionary options = Ffmpeg.options(
                    Map.of("protocol_whitelist", "file", "format_whitelist", CONTAINERS, "codec_whitelist", CODECS));
            int result = avformat.avformat_open_input(container, Ffmpeg.url(file), null, options);
            avutil.av_dict_free(options);
            check(result, "inference.video.unreadable");
            check(avformat.avformat_find_stream_info(container, (AVDictionary) null), "inference.video.unreadable");
            int index = avformat.av_find_best_stream(container, avutil.AVMEDIA_TYPE_VIDEO, -1, -1, (AVCodec) null, 0);
            if (index < 0) {
                throw refused("inference.video.no-frames");
            }
            stream = container.streams(index);
            openDecoder(stream.codecpar());
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    private void openDecoder(AVCodecParameters parameters) {
        requireSize(parameters.width(), parameters.height());
        AVCodec codec = avcodec.avcodec_find_decoder(parameters.codec_id());
        if (codec == null) {
            throw refused("inference.video.codec");
        }
        decoder = avcodec.avcodec_alloc_context3(codec);
        check(avcodec.avcodec_parameters_to_context(decoder, parameters), "inference.video.unreadable");
        decoder.max_pixels(limits.mostPixels());
        decoder.thread_count(0);
        AVDictionary options = Ffmpeg.options(Map.of("codec_whitelist", CODECS));
        int result = avcodec.avcodec_open2(decoder, codec, options);
        avutil.av_dict_free(options);
        check(result, "inference.video.unreadable");
    }

    /// Decodes the next frame.
    ///
    /// @return whether there was one
    /// @throws InvalidRequestException `video` when the file is damaged there, or the frames change their size
    public boolean next() {
        while (true) {
            int received = avcodec.avcodec_receive_frame(decoder, frame);
            if (received >= 0) {
                requireSize(frame.width(), frame.height());
                if (frame.width() != width() || frame.height() != height()) {
                    throw refused("inference.video.size-changes", width(), height(), frame.width(), frame.height());
                }
                return true;
            }
            if (received == avutil.AVERROR_EOF) {
                return false;
            }
            if (received != org.bytedeco.ffmpeg.presets.avutil.AVERROR_EAGAIN()) {
                check(received, "inference.video.damaged");
            }
            feed();
        }
    }

    /// Gives the decoder the next packet of the stream, or the stream's end.
    private void feed() {
        int read = avformat.av_read_frame(container, packet);
        while (read >= 0 && packet.stream_index() != stream.index()) {
            avcodec.av_packet_unref(packet);
            read = avformat.av_read_frame(container, packet);
        }
        if (read < 0 && read != avutil.AVERROR_EOF) {
            check(read, "inference.video.damaged");
        }
        int sent = avcodec.avcodec_send_packet(decoder, read < 0 ? null : packet);
        avcodec.av_packet_unref(packet);
        check(sent, "inference.video.damaged");
    }

    /// Converts the frame that [#next] found, `[height, width, 3]`.
    public void copyTo(PixelFrame converter, MemorySegment pixels) throws IOException {
        converter.convertFrom(frame);
        converter.copyTo(pixels);
    }

    public int width() {
        return stream.codecpar().width();
    }

    public int height() {
        return stream.codecpar().height();
    }

    /// How many frames make a second; 0 when the file does not say.
    public double framesPerSecond() {
        AVRational rate = avformat.av_guess_frame_rate(container, stream, null);
        return rate.num() > 0 && rate.den() > 0 ? (double) rate.num() / rate.den() : 0;
    }

    /// About how many frames there are, by what the file says of itself; 0 when it does not.
    public long expectedFrames() {
        if (stream.nb_frames() > 0) {
            return stream.nb_frames();
        }
        double seconds = container.duration() > 0 ? container.duration() / (double) avutil.AV_TIME_BASE : 0;
        return Math.round(seconds * framesPerSecond());
    }

    private void requireSize(int width, int height) {
        if (width < 1 || height < 1 || (long) width * height > limits.mostPixels()) {
            throw refused("inference.video.size", width, height, limits.mostPixels());
        }
    }

    private void check(int result, String key) {
        if (result < 0) {
            throw refused(key, Ffmpeg.text(result));
        }
    }

    private InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.VIDEO, Place.of(file), key, arguments);
    }

    @Override
    public void close() {
        avutil.av_frame_free(frame);
        avcodec.av_packet_free(packet);
        avcodec.avcodec_free_context(decoder);
        if (!container.isNull()) {
            avformat.avformat_close_input(container);
        }
    }
}
