package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage.Percent;
import java.util.Collection;
import java.util.Locale;

/// The colour scale, and where a change lies on it. The scale is logarithmic, since changes differ by factors; the
/// style sheet turns the position into a colour of even perceptual steps (OKLCH), for light and for dark pages.
///
/// @param least the smallest change
/// @param most  the largest
public record ColourScale(double least, double most) {
    /// From here on a colour is dark enough on a light page for white text, and light enough on a dark page for
    /// black text: where both have a contrast of 4.5 and more, as WCAG asks for.
    private static final double DEEP_ON_LIGHT = 0.67;

    private static final double BRIGHT_ON_DARK = 0.435;
    private static final int LEGEND_STEPS = 32;
    private static final int LEGEND_LABELS = 5;

    /// The scale that spans these changes.
    public static ColourScale of(Collection<Double> changes) {
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (double change : changes) {
            if (change > 0 && Double.isFinite(change)) {
                least = Math.min(least, change);
                most = Math.max(most, change);
            }
        }
        return most == 0 ? new ColourScale(1, 1) : new ColourScale(least, most);
    }

    /// The position of a change, from 0 to 1.
    public double position(double change) {
        return least == most ? 0.5 : Math.clamp(Math.log(change / least) / Math.log(most / least), 0.0, 1.0);
    }

    /// The change at a position.
    public double change(double position) {
        return least * Math.pow(most / least, position);
    }

    /// The class of a cell.
    public String cellClass(double change) {
        if (change == 0) {
            return "cell same";
        }
        if (!Double.isFinite(change)) {
            return "cell odd";
        }
        return cellClassAt(position(change));
    }

    static String cellClassAt(double position) {
        return "cell heat" + (position > DEEP_ON_LIGHT ? " deep" : "") + (position > BRIGHT_ON_DARK ? " bright" : "");
    }

    /// The style of a cell: its position, for the style sheet.
    public String style(double change) {
        return change > 0 && Double.isFinite(change) ? styleAt(position(change)) : "";
    }

    public static String styleAt(double position) {
        return String.format(Locale.ROOT, "--t:%.3f", position);
    }

    /// Draws the scale; a reader who does not see it has the numbers in the cells.
    public void legend(Html html) {
        if (least == most) {
            return;
        }
        html.open("div", "class", "legend", "aria-hidden", "true").open("div", "class", "ramp");
        for (int i = 0; i < LEGEND_STEPS; i++) {
            double position = i / (LEGEND_STEPS - 1.0);
            html.leaf("i", "", "class", "heat", "style", styleAt(position));
        }
        html.close("div").open("div", "class", "ticks");
        for (int i = 0; i < LEGEND_LABELS; i++) {
            html.leaf("span", Percent.of(change(i / (LEGEND_LABELS - 1.0))));
        }
        html.close("div").close("div");
    }
}
