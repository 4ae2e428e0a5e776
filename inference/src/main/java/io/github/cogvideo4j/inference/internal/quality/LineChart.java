package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.inference.quality.VideoScore;
import io.github.cogvideo4j.inference.quality.VideoScore.Frame;
import io.github.cogvideo4j.inference.quality.VideoScore.Measure;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/// One measure over the frames of a video, as a line, with frozen and black frames shaded behind it. Of
/// a long video each point of the line is the least or the largest of its frames, so that no peak is lost.
final class LineChart {
    private static final int WIDTH = 460;
    private static final int HEIGHT = 150;
    private static final int LEFT = 52;
    private static final int RIGHT = 10;
    private static final int TOP = 10;
    private static final int BOTTOM = 24;
    private static final int MOST_POINTS = 400;
    /// Where the PSNR of equal frames is drawn: 8-bit values that are not equal have less.
    private static final double HIGHEST = 100;

    private final Html html;
    private final List<Frame> frames;
    private final Measure measure;
    private final DoubleSummaryStatistics drawn;

    /// A chart on the scale that holds all values of several videos, so that theirs can be compared.
    LineChart(Html html, VideoScore video, Measure measure, List<VideoScore> scale) {
        this.html = html;
        this.frames = video.frames();
        this.measure = measure;
        this.drawn = scale.stream()
                .flatMap(other -> other.frames().stream())
                .flatMapToDouble(frame -> frame.value(measure).stream())
                .map(value -> Math.min(value, limit()))
                .summaryStatistics();
    }

    private double limit() {
        return measure == Measure.PSNR ? HIGHEST : Double.MAX_VALUE;
    }

    /// Draws it.
    ///
    /// @param title what it is, for those who do not see it
    void draw(String title) {
        html.open("svg", "viewBox", "0 0 " + WIDTH + " " + HEIGHT, "role", "img", "aria-label", title);
        html.leaf("title", title);
        bands(Frame::frozen, "band frozen");
        bands(Frame::black, "band black");
        double floor = HEIGHT - BOTTOM;
        shape("path", "class", "axis", "d", "M%d %dV%sH%d".formatted(LEFT, TOP, number(floor), WIDTH - RIGHT));
        if (isFlat()) {
            label(LEFT - 6, y(drawn.getMax()) + 4, "end", measure.text(drawn.getMax()));
        } else {
            label(LEFT - 6, TOP + 8, "end", measure.text(top()));
            label(LEFT - 6, floor, "end", measure.text(bottom()));
        }
        label(LEFT, HEIGHT - 8, "start", "0");
        if (frames.size() > 1) {
            label(WIDTH - RIGHT, HEIGHT - 8, "end", Integer.toString(frames.size() - 1));
        }
        line();
        html.close("svg");
    }

    private void line() {
        StringBuilder points = new StringBuilder();
        int bucket = Math.max(1, (frames.size() + MOST_POINTS - 1) / MOST_POINTS);
        int drawnPoints = 0;
        for (int from = 0; from < frames.size(); from += bucket) {
            for (int at : extremes(from, Math.min(frames.size(), from + bucket))) {
                double value = frames.get(at).value(measure).orElseThrow();
                points.append(drawnPoints++ == 0 ? 'M' : 'L')
                        .append(number(x(at)))
                        .append(' ');
                points.append(number(y(value)));
            }
        }
        if (drawnPoints == 1) {
            points.append("h0.01");
        }
        shape("path", "class", "line", "d", points.toString());
    }

    /// The frames with the least and the largest value of some, in their order; one where they are the same,
    /// none where no frame has a value.
    private List<Integer> extremes(int from, int to) {
        int least = -1;
        int most = -1;
        for (int i = from; i < to; i++) {
            OptionalDouble value = frames.get(i).value(measure);
            if (value.isPresent()) {
                least = least < 0 || value.getAsDouble() < value(least) ? i : least;
                most = most < 0 || value.getAsDouble() > value(most) ? i : most;
            }
        }
        if (least < 0) {
            return List.of();
        }
        return least == most ? List.of(least) : List.of(Math.min(least, most), Math.max(least, most));
    }

    private double value(int frame) {
        return frames.get(frame).value(measure).orElseThrow();
    }

    /// A rectangle behind every run of frames of a kind.
    private void bands(Predicate<Frame> kind, String style) {
        for (int from : starts(kind)) {
            int to = from;
            while (to < frames.size() && kind.test(frames.get(to))) {
                to++;
            }
            double left = from == 0 ? x(0) : (x(from - 1) + x(from)) / 2;
            double right = to == frames.size() ? x(to - 1) : (x(to - 1) + x(to)) / 2;
            shape(
                    "rect",
                    "class",
                    style,
                    "x",
                    number(left),
                    "y",
                    number(TOP),
                    "width",
                    number(Math.max(2, right - left)),
                    "height",
                    number(HEIGHT - BOTTOM - TOP));
        }
    }

    private List<Integer> starts(Predicate<Frame> kind) {
        List<Integer> starts = new ArrayList<>();
        for (int i = 0; i < frames.size() && starts.size() < MOST_POINTS; i++) {
            if (kind.test(frames.get(i)) && (i == 0 || !kind.test(frames.get(i - 1)))) {
                starts.add(i);
            }
        }
        return starts;
    }

    private double x(int frame) {
        int last = Math.max(1, frames.size() - 1);
        return LEFT + (WIDTH - LEFT - RIGHT) * (double) frame / last;
    }

    private double y(double value) {
        double share = (Math.min(value, limit()) - bottom()) / (top() - bottom());
        return TOP + (HEIGHT - BOTTOM - TOP) * (1 - share);
    }

    /// A constant line is drawn in the middle.
    private double top() {
        return isFlat() ? drawn.getMax() + margin() : drawn.getMax();
    }

    private double bottom() {
        return isFlat() ? drawn.getMin() - margin() : drawn.getMin();
    }

    private boolean isFlat() {
        return drawn.getMax() == drawn.getMin();
    }

    private double margin() {
        return Math.max(1, Math.abs(drawn.getMax()) / 2);
    }

    private void label(double x, double y, String anchor, String text) {
        html.leaf("text", text, "x", number(x), "y", number(y), "text-anchor", anchor);
    }

    private void shape(String tag, String... attributes) {
        html.open(tag, attributes).close(tag);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
