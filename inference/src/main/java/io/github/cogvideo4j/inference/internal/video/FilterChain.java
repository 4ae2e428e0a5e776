package io.github.cogvideo4j.inference.internal.video;

import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.util.List;
import java.util.OptionalDouble;
import org.bytedeco.ffmpeg.avutil.AVDictionaryEntry;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avutil;

/// FFmpeg's filters that measure frames. Each is given Y'CbCr of 8 bits in full range by BT.709, with no
/// colour subsampled, whatever the file had, so that values of different files can be compared.
public final class FilterChain implements AutoCloseable {
    /// The smallest height and width that all filters take.
    public static final int SMALLEST = 3;

    private static final List<String> FILTERS =
            List.of("signalstats", "siti", "vmafmotion", "blurdetect", "blackdetect", "freezedetect");
    private static final String CONVERSION =
            "scale=out_color_matrix=bt709:out_range=pc:flags=accurate_rnd+full_chroma_int,format=yuv444p";

    private final FilterGraph graph;
    private final AVFrame filtered = avutil.av_frame_alloc();
    private boolean black;
    private boolean frozen;

    /// The values that the filters give of a frame.
    ///
    /// @param black      whether it lies in a black part: at least 98 % of its pixels have a luma of at most
    ///                   10 %
    /// @param frozen     whether it differs by at most 0.1 % from the frame where the picture came to a stand
    /// @param luma       the mean of Y', 0 to 255
    /// @param saturation the mean of the distance of (Cb, Cr) from grey, 0 to 181
    /// @param blur       the mean width of edges in pixels; none where no edge was found
    /// @param spatial    the spatial information of ITU-T P.910
    /// @param temporal   the temporal information of ITU-T P.910; of the first frame, 0
    /// @param motion     VMAF's motion: the mean absolute difference of blurred luma from the frame before;
    ///                   of the first frame, 0
    public record Filtered(
            boolean black,
            boolean frozen,
            double luma,
            double saturation,
            OptionalDouble blur,
            double spatial,
            double temporal,
            double motion) {}

    /// A chain for frames of a size.
    ///
    /// @throws MissingCapabilityException `native-library` when this FFmpeg lacks a filter
    public FilterChain(int height, int width) throws IOException {
        String measures = String.join(",", FILTERS)
                .replace("blackdetect", "blackdetect=d=0")
                .replace("freezedetect", "freezedetect=d=0");
        graph = new FilterGraph(height, width, FILTERS, CONVERSION + "," + measures);
    }

    /// Measures the next frame. The filters keep it to compare the next one with it: the caller gives the
    /// pixel frame new memory before it is filled again.
    public Filtered measure(PixelFrame pixels) throws IOException {
        graph.filter(pixels, filtered);
        try {
            black = still(black, "lavfi.black_start", "lavfi.black_end");
            frozen = still(frozen, "lavfi.freezedetect.freeze_start", "lavfi.freezedetect.freeze_end");
            return new Filtered(
                    black,
                    frozen,
                    number("lavfi.signalstats.YAVG"),
                    number("lavfi.signalstats.SATAVG"),
                    optional("lavfi.blur"),
                    number("lavfi.siti.si"),
                    number("lavfi.siti.ti"),
                    number("lavfi.vmafmotion.score"));
        } finally {
            avutil.av_frame_unref(filtered);
        }
    }

    /// Whether the frame belongs to an interval: the filters mark where one begins and where it is over. A
    /// still of no length begins and is over at once.
    private boolean still(boolean before, String begin, String end) {
        return (before || entry(begin) != null) && entry(end) == null;
    }

    private double number(String key) throws IOException {
        return optional(key).orElseThrow(() -> new IOException("FFmpeg has no value for " + key));
    }

    /// A value that is a number; the filters write NaN where they divide by nothing.
    private OptionalDouble optional(String key) {
        AVDictionaryEntry entry = entry(key);
        if (entry == null) {
            return OptionalDouble.empty();
        }
        // C prints the decimal point of the system's language.
        String text = entry.value().getString().replace(',', '.');
        double value = text.contains("nan") || text.contains("inf") ? Double.NaN : Double.parseDouble(text);
        return Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty();
    }

    private AVDictionaryEntry entry(String key) {
        return avutil.av_dict_get(filtered.metadata(), key, null, 0);
    }

    @Override
    public void close() {
        avutil.av_frame_free(filtered);
        graph.close();
    }
}
