package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.DoubleFunction;
import java.util.stream.Stream;

/// Curves over the checkpoints of a run. The horizontal axis is the number in their names; where a run counts
/// some by steps and some by epochs, it is their order.
final class StepChart {
    /// A curve: a value for each checkpoint, with a gap where there is none.
    ///
    /// @param name   what it is, shown where the mouse rests on it
    /// @param look   its class in the style sheet
    /// @param style  its colour on a ramp, or nothing
    /// @param values one for each checkpoint
    record Curve(String name, String look, String style, List<OptionalDouble> values) {}

    /// What lies between two curves, shaded.
    record Band(List<OptionalDouble> low, List<OptionalDouble> high) {}

    private static final int WIDTH = 460;
    private static final int HEIGHT = 170;
    private static final int LEFT = 62;
    private static final int RIGHT = 12;
    private static final int TOP = 10;
    private static final int BOTTOM = 26;
    private static final int FLOOR = HEIGHT - BOTTOM;
    private static final int MOST_TICKS = 6;
    /// The width of a digit of the labels.
    private static final int DIGIT = 8;

    private final Html html;
    private final List<WatchedCheckpoint> checkpoints;
    private final DoubleFunction<String> text;
    private final boolean inNumbers;

    /// @param text how a value is written
    StepChart(Html html, List<WatchedCheckpoint> checkpoints, DoubleFunction<String> text) {
        this.html = html;
        this.checkpoints = checkpoints;
        this.text = text;
        this.inNumbers =
                checkpoints.stream().map(WatchedCheckpoint::kind).distinct().count() == 1
                        && checkpoints.getLast().number()
                                > checkpoints.getFirst().number();
    }

    /// Whether some curve has a value to draw.
    static boolean isAnythingIn(List<Curve> curves) {
        return finite(curves.stream().map(Curve::values)).getCount() > 0;
    }

    private static DoubleSummaryStatistics finite(Stream<List<OptionalDouble>> values) {
        return values.flatMap(List::stream)
                .flatMapToDouble(OptionalDouble::stream)
                .filter(Double::isFinite)
                .summaryStatistics();
    }

    /// Draws curves.
    ///
    /// @param label    the identifier of the element that says what they are
    /// @param fromZero whether the vertical axis begins at zero
    /// @param marked   the checkpoint whose point on the first curve stands out; -1 for none
    void draw(String label, List<Curve> curves, List<Band> bands, boolean fromZero, int marked) {
        DoubleSummaryStatistics range = finite(Stream.concat(
                curves.stream().map(Curve::values),
                bands.stream().flatMap(band -> Stream.of(band.low(), band.high()))));
        Scale scale = Scale.of(range, fromZero);
        html.open("svg", "viewBox", "0 0 " + WIDTH + " " + HEIGHT, "role", "img", "aria-labelledby", label);
        shape("path", "class", "axis", "d", "M%d %dV%dH%d".formatted(LEFT, TOP, FLOOR, WIDTH - RIGHT));
        label(LEFT - 6, TOP + 8, "end", text.apply(scale.top()));
        label(LEFT - 6, FLOOR, "end", text.apply(scale.bottom()));
        ticks();
        bands.forEach(band -> band(band, scale));
        // The first curve is drawn last, over the others.
        curves.reversed().forEach(curve -> curve(curve, scale));
        Curve first = curves.getFirst();
        for (int i = 0; i < checkpoints.size(); i++) {
            point(first, i, scale, i == marked);
        }
        html.close("svg");
    }

    /// The values at the ends of the vertical axis; what is constant is drawn in its middle.
    private record Scale(double bottom, double top) {
        static Scale of(DoubleSummaryStatistics range, boolean fromZero) {
            double least = fromZero ? Math.min(0, range.getMin()) : range.getMin();
            double most = range.getMax();
            double margin = most > least ? 0 : Math.max(Math.abs(most) / 2, Double.MIN_NORMAL);
            return new Scale(least - margin, most + margin);
        }

        double y(double value) {
            return TOP + (FLOOR - TOP) * (1 - (value - bottom) / (top - bottom));
        }
    }

    private void ticks() {
        int every = Math.max(1, (checkpoints.size() + MOST_TICKS - 1) / MOST_TICKS);
        double free = Double.POSITIVE_INFINITY;
        for (int i = checkpoints.size() - 1; i >= 0; i -= every) {
            String number = Long.toString(checkpoints.get(i).number());
            double half = DIGIT * number.length() / 2.0;
            double x = Math.clamp(x(i), LEFT, WIDTH - half);
            if (x + half <= free) {
                label(x, HEIGHT - 8, "middle", number);
                free = x - half - DIGIT;
            }
        }
    }

    private void band(Band band, Scale scale) {
        StringBuilder there = new StringBuilder();
        StringBuilder back = new StringBuilder();
        for (int i = 0; i < checkpoints.size(); i++) {
            if (isDrawn(band.low().get(i)) && isDrawn(band.high().get(i))) {
                there.append(there.isEmpty() ? 'M' : 'L');
                there.append(place(i, band.high().get(i).getAsDouble(), scale));
                back.insert(0, "L" + place(i, band.low().get(i).getAsDouble(), scale));
            }
        }
        if (!there.isEmpty()) {
            shape("path", "class", "spread", "d", there.append(back).append('Z').toString());
        }
    }

    private void curve(Curve curve, Scale scale) {
        StringBuilder path = new StringBuilder();
        boolean gap = true;
        for (int i = 0; i < checkpoints.size(); i++) {
            OptionalDouble value = curve.values().get(i);
            if (isDrawn(value)) {
                path.append(gap ? 'M' : 'L').append(place(i, value.getAsDouble(), scale));
            }
            gap = !isDrawn(value);
        }
        if (!path.isEmpty()) {
            html.open("path", "class", curve.look(), "style", curve.style(), "d", path.toString());
            html.leaf("title", curve.name()).close("path");
        }
    }

    private void point(Curve curve, int checkpoint, Scale scale, boolean marked) {
        OptionalDouble value = curve.values().get(checkpoint);
        if (isDrawn(value)) {
            double number = value.getAsDouble();
            html.open(
                    "circle",
                    "class",
                    marked ? "point best" : "point",
                    "cx",
                    coordinate(x(checkpoint)),
                    "cy",
                    coordinate(scale.y(number)),
                    "r",
                    marked ? "5" : checkpoints.size() > 40 ? "1.6" : "2.6");
            html.leaf("title", checkpoints.get(checkpoint).name() + ": " + text.apply(number))
                    .close("circle");
        }
    }

    private static boolean isDrawn(OptionalDouble value) {
        return value.isPresent() && Double.isFinite(value.getAsDouble());
    }

    private double x(int checkpoint) {
        double first = inNumbers ? checkpoints.getFirst().number() : 0;
        double last = inNumbers ? checkpoints.getLast().number() : Math.max(1, checkpoints.size() - 1);
        double at = inNumbers ? checkpoints.get(checkpoint).number() : checkpoint;
        return LEFT + 8 + (WIDTH - LEFT - RIGHT - 16) * (at - first) / (last - first);
    }

    private String place(int checkpoint, double value, Scale scale) {
        return coordinate(x(checkpoint)) + " " + coordinate(scale.y(value));
    }

    private void label(double x, double y, String anchor, String words) {
        html.leaf("text", words, "x", coordinate(x), "y", coordinate(y), "text-anchor", anchor);
    }

    private void shape(String tag, String... attributes) {
        html.open(tag, attributes).close(tag);
    }

    private static String coordinate(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
