package io.github.cogvideo4j.inference.internal.video;

import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;

/// Canny's edges by FFmpeg's filter `edgedetect`: white lines of one pixel on black, as control models are trained
/// with.
///
/// Source: J. Canny, "A Computational Approach to Edge Detection" (1986). The filter blurs the brightness, keeps the
/// ridges of its gradient, and of those the strong ones and what touches them.
public final class EdgeFilter {
    /// What counts as strong, and as touching, of a gradient of 255.
    private static final String FILTER = "edgedetect=low=%s:high=%s".formatted(50 / 255.0, 100 / 255.0);

    private EdgeFilter() {}

    /// The edges of each frame.
    ///
    /// @return a video of the same size and length; the caller closes it
    public static Video edges(Video video) throws IOException {
        Video edges = Video.allocate(video.frames(), video.height(), video.width(), video.framesPerSecond());
        boolean whole = false;
        String filters = "format=gray," + FILTER + ",format=rgb24";
        AVFrame found = avutil.av_frame_alloc();
        try (FilterGraph graph = new FilterGraph(video.height(), video.width(), List.of("edgedetect"), filters);
                PixelFrame given = new PixelFrame(video.height(), video.width());
                PixelFrame traced = new PixelFrame(video.height(), video.width())) {
            for (int i = 0; i < video.frames(); i++) {
                given.renew();
                given.fill(video.frame(i), video.height(), video.width());
                graph.filter(given, found);
                traced.convertFrom(found);
                avutil.av_frame_unref(found);
                traced.copyTo(edges.frame(i));
                whiten(edges.frame(i));
            }
            whole = true;
            return edges;
        } finally {
            avutil.av_frame_free(found);
            if (!whole) {
                edges.close();
            }
        }
    }

    /// The filter leaves the gradient's strength on the lines.
    private static void whiten(MemorySegment pixels) {
        for (long i = 0; i < pixels.byteSize(); i++) {
            if (pixels.get(ValueLayout.JAVA_BYTE, i) != 0) {
                pixels.set(ValueLayout.JAVA_BYTE, i, (byte) 255);
            }
        }
    }
}
