package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison.Histogram;
import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage.Percent;
import java.util.List;
import java.util.Locale;

/// A bar chart of how many tensors changed by how much. Beside the drawing stands the same as a table.
public final class HistogramChart {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 210;
    private static final int TOP = 22;
    private static final int BOTTOM = 34;
    private static final int SIDE = 26;
    private static final int MOST_LABELS = 9;
    private static final double WIDEST_BAR = 64;

    private final Html html;
    private final Histogram histogram;

    public HistogramChart(Html html, Histogram histogram) {
        this.html = html;
        this.histogram = histogram;
    }

    public void write() {
        html.leaf("p", html.say("checkpoints.page.histogram-explained"), "class", "note");
        List<Histogram.Bin> bins = histogram.bins();
        if (!bins.isEmpty()) {
            draw(bins);
            table(bins);
        }
        html.leaf("p", html.say("checkpoints.page.unchanged", histogram.unchanged()));
        if (histogram.beyond() > 0) {
            html.leaf("p", html.say("checkpoints.page.beyond", histogram.beyond()));
        }
    }

    private void draw(List<Histogram.Bin> bins) {
        double step = Math.min(WIDEST_BAR, (WIDTH - 2.0 * SIDE) / bins.size());
        double width = 2.0 * SIDE + step * bins.size();
        long most = bins.stream().mapToLong(Histogram.Bin::count).max().orElse(1);
        double floor = HEIGHT - BOTTOM;
        html.open(
                "svg",
                "viewBox",
                number(0) + " 0 " + number(width) + " " + HEIGHT,
                "style",
                "max-width:" + number(width) + "px",
                "role",
                "img",
                "aria-label",
                html.say("checkpoints.page.histogram"));
        for (int i = 0; i < bins.size(); i++) {
            Histogram.Bin bin = bins.get(i);
            double height = (floor - TOP) * bin.count() / most;
            double left = SIDE + i * step;
            html.open("g").leaf("title", range(bin) + ": " + bin.count());
            html.open(
                            "rect",
                            "class",
                            "bar",
                            "x",
                            number(left + 1),
                            "y",
                            number(floor - height),
                            "width",
                            number(step - 2),
                            "height",
                            number(height),
                            "rx",
                            "2")
                    .close("rect");
            if (bin.count() > 0) {
                label(left + step / 2, floor - height - 5, Long.toString(bin.count()));
            }
            html.close("g");
        }
        html.open("path", "class", "axis", "d", "M" + SIDE + " " + number(floor) + "H" + number(width - SIDE))
                .close("path");
        int every = (bins.size() + MOST_LABELS) / MOST_LABELS;
        for (int i = 0; i <= bins.size(); i += every) {
            double edge = i < bins.size() ? bins.get(i).from() : bins.getLast().to();
            label(SIDE + i * step, floor + 18, Percent.of(edge));
        }
        html.close("svg");
    }

    private void label(double x, double y, String text) {
        html.leaf("text", text, "x", number(x), "y", number(y), "text-anchor", "middle");
    }

    private void table(List<Histogram.Bin> bins) {
        html.open("details").leaf("summary", html.say("checkpoints.page.as-table"));
        html.open("table").open("thead").open("tr");
        html.leaf("th", html.say("checkpoints.page.change"), "scope", "col");
        html.leaf("th", html.say("checkpoints.page.tensors"), "scope", "col", "class", "number");
        html.close("tr").close("thead").open("tbody");
        for (Histogram.Bin bin : bins) {
            html.open("tr").leaf("td", range(bin));
            html.leaf("td", Long.toString(bin.count()), "class", "number").close("tr");
        }
        html.close("tbody").close("table").close("details");
    }

    private static String range(Histogram.Bin bin) {
        return Percent.of(bin.from()) + " – " + Percent.of(bin.to());
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
