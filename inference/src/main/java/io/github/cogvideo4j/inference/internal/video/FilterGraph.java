package io.github.cogvideo4j.inference.internal.video;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.util.List;
import org.bytedeco.ffmpeg.avfilter.AVFilterContext;
import org.bytedeco.ffmpeg.avfilter.AVFilterGraph;
import org.bytedeco.ffmpeg.avfilter.AVFilterInOut;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avfilter;

/// A graph of FFmpeg's filters that takes frames of 8 bits of red, green and blue, and gives one for each.
final class FilterGraph implements AutoCloseable {
    private final AVFilterGraph graph;
    private final AVFilterContext source;
    private final AVFilterContext sink;
    private long frames;

    /// A graph for frames of a size.
    ///
    /// @param needed      the filters that not every FFmpeg has
    /// @param description the filters as FFmpeg's command line takes them
    /// @throws MissingCapabilityException `native-library` when this FFmpeg lacks a filter
    FilterGraph(int height, int width, List<String> needed, String description) throws IOException {
        Ffmpeg.start();
        for (String filter : needed) {
            if (avfilter.avfilter_get_by_name(filter) == null) {
                throw new MissingCapabilityException(
                        ProblemCode.NATIVE_LIBRARY, Place.nowhere(), "inference.video.no-filter", filter);
            }
        }
        graph = avfilter.avfilter_graph_alloc();
        boolean opened = false;
        try {
            String from = "buffer@in=video_size=%dx%d:pix_fmt=rgb24:time_base=1/25:range=pc:colorspace=gbr"
                    .formatted(width, height);
            require(avfilter.avfilter_graph_parse2(
                    graph,
                    from + "," + description + ",buffersink@out",
                    new AVFilterInOut(null),
                    new AVFilterInOut(null)));
            require(avfilter.avfilter_graph_config(graph, null));
            source = avfilter.avfilter_graph_get_filter(graph, "buffer@in");
            sink = avfilter.avfilter_graph_get_filter(graph, "buffersink@out");
            opened = true;
        } finally {
            if (!opened) {
                close();
            }
        }
    }

    /// Filters the next frame. Filters may keep it to compare the next one with it: the caller gives the pixel frame
    /// new memory before it is filled again, and lets go of what it was given.
    void filter(PixelFrame pixels, AVFrame filtered) throws IOException {
        pixels.frame().pts(frames++);
        require(avfilter.av_buffersrc_add_frame_flags(source, pixels.frame(), avfilter.AV_BUFFERSRC_FLAG_KEEP_REF));
        require(avfilter.av_buffersink_get_frame(sink, filtered));
    }

    private static void require(int result) throws IOException {
        if (result < 0) {
            throw new IOException(Ffmpeg.text(result));
        }
    }

    @Override
    public void close() {
        avfilter.avfilter_graph_free(graph);
    }
}
