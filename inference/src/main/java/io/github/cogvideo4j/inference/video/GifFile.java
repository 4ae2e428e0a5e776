package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.inference.internal.video.Ffmpeg;
import io.github.cogvideo4j.inference.internal.video.PixelFrame;
import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.ffmpeg.avfilter.AVFilterContext;
import org.bytedeco.ffmpeg.avfilter.AVFilterGraph;
import org.bytedeco.ffmpeg.avfilter.AVFilterInOut;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.ffmpeg.global.avfilter;
import org.bytedeco.ffmpeg.global.avutil;

/// The writer of GIF files: a first pass over all frames finds the palette, a second one uses it.
///
/// A GIF counts hundredths of a second, so the pauses of most rates alternate (12 and 13 for 8 frames a second)
/// and are right on the whole.
final class GifFile {
    private GifFile() {}

    static void write(Video video, Path file, boolean overwrite) throws IOException {
        OutputFile.write(file, overwrite, unfinished -> encode(video, unfinished, file));
    }

    /// How frames of a size are encoded.
    static Muxer.Settings settings(int height, int width, double framesPerSecond) {
        return new Muxer.Settings("gif", width, height, framesPerSecond, avutil.AV_PIX_FMT_PAL8, 0, Map.of(), Map.of());
    }

    private static void encode(Video video, Path unfinished, Path file) throws IOException {
        Muxer.Settings settings = settings(video.height(), video.width(), video.framesPerSecond());
        Ffmpeg.start();
        AVFilterGraph graph = avfilter.avfilter_graph_alloc();
        AVFrame paletted = avutil.av_frame_alloc();
        try (Muxer muxer = new Muxer(unfinished, file, "gif", settings)) {
            configure(graph, video);
            push(video, avfilter.avfilter_graph_get_filter(graph, "buffer@in"));
            AVFilterContext sink = avfilter.avfilter_graph_get_filter(graph, "buffersink@out");
            for (int i = 0; i < video.frames(); i++) {
                require(avfilter.av_buffersink_get_frame(sink, paletted));
                muxer.encode(paletted, i);
                avutil.av_frame_unref(paletted);
            }
            muxer.finish();
        } finally {
            avutil.av_frame_free(paletted);
            avfilter.avfilter_graph_free(graph);
        }
    }

    private static void configure(AVFilterGraph graph, Video video) throws IOException {
        AVRational rate = avutil.av_d2q(video.framesPerSecond(), 1_001_000);
        String source = "buffer@in=video_size=%dx%d:pix_fmt=rgb24:time_base=%d/%d:frame_rate=%d/%d:range=pc"
                .formatted(video.width(), video.height(), rate.den(), rate.num(), rate.num(), rate.den());
        String description =
                source + ":colorspace=gbr,split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse,buffersink@out";
        require(avfilter.avfilter_graph_parse2(graph, description, new AVFilterInOut(null), new AVFilterInOut(null)));
        require(avfilter.avfilter_graph_config(graph, null));
    }

    private static void push(Video video, AVFilterContext source) throws IOException {
        try (PixelFrame frame = new PixelFrame(video.height(), video.width())) {
            for (int i = 0; i < video.frames(); i++) {
                frame.renew(); // the graph keeps all frames until it knows the palette
                frame.fill(video.frame(i), video.height(), video.width());
                frame.frame().pts(i);
                require(avfilter.av_buffersrc_add_frame_flags(
                        source, frame.frame(), avfilter.AV_BUFFERSRC_FLAG_KEEP_REF));
            }
            require(avfilter.av_buffersrc_add_frame(source, null));
        }
    }

    private static void require(int result) throws IOException {
        if (result < 0) {
            throw new IOException(Ffmpeg.text(result));
        }
    }
}
