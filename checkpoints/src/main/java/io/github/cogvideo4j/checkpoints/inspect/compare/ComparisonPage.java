package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison.Histogram;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.checkpoints.internal.inspect.page.HeatMap;
import io.github.cogvideo4j.checkpoints.internal.inspect.page.HistogramChart;
import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The changes that a fine-tuning made, as one web page: summary, heat map, histogram, tables. It needs nothing
/// else and asks for nothing: no script, no font, no picture, and a policy that forbids all three.
public final class ComparisonPage {
    private static final int MOST_CHANGED = 12;

    private final Comparison comparison;
    private final Html html;

    private ComparisonPage(Comparison comparison, Locale locale) {
        this.comparison = comparison;
        this.html = new Html(locale);
    }

    /// The page as HTML, UTF-8 being meant.
    ///
    /// @param comparison what to tell
    /// @param locale     the language to tell it in
    public static String of(Comparison comparison, Locale locale) {
        return new ComparisonPage(comparison, locale).write();
    }

    private String write() {
        String title = html.say("checkpoints.page.title");
        html.begin(title, ComparisonPage.class, "comparison.css");
        sides();
        summary();
        section("checkpoints.page.heat-map", () -> new HeatMap(html, comparison).write());
        section(
                "checkpoints.page.histogram",
                () -> new HistogramChart(html, Histogram.of(comparison.tensors())).write());
        section("checkpoints.page.most-changed", this::mostChanged);
        differences();
        section("checkpoints.page.all-tensors", this::allTensors);
        return html.end(html.say("checkpoints.page.footer"));
    }

    private void sides() {
        html.open("dl", "class", "sides");
        html.leaf("dt", html.say("checkpoints.page.model"));
        html.leaf("dd", comparison.model().toString());
        html.leaf("dt", html.say("checkpoints.page.base"));
        html.leaf("dd", comparison.base().toString());
        html.close("dl");
    }

    private void summary() {
        ValueChange total = comparison.total();
        long all = comparison.tensors().size();
        html.open("ul", "class", "cards");
        card(Percent.of(total.relative()), html.say("checkpoints.page.total"), "");
        card((all - comparison.unchanged()) + " / " + all, html.say("checkpoints.page.tensors-changed"), "");
        card(
                Percent.of(share(total.changedInBf16(), total.elements())),
                html.say("checkpoints.page.values-changed"),
                "");
        comparison.mostChanged().stream()
                .findFirst()
                .ifPresent(tensor ->
                        card(Percent.of(tensor.relative()), html.say("checkpoints.page.largest"), tensor.name()));
        comparison
                .leastChanged()
                .ifPresent(tensor ->
                        card(Percent.of(tensor.relative()), html.say("checkpoints.page.smallest"), tensor.name()));
        html.close("ul");
    }

    private static double share(long part, long all) {
        return all == 0 ? 0 : (double) part / all;
    }

    private void card(String value, String label, String detail) {
        html.open("li").leaf("b", value).leaf("span", label);
        if (!detail.isEmpty()) {
            html.leaf("code", detail);
        }
        html.close("li");
    }

    private void section(String key, Runnable contents) {
        html.open("section").leaf("h2", html.say(key));
        contents.run();
        html.close("section");
    }

    private void mostChanged() {
        table(comparison.mostChanged().stream().limit(MOST_CHANGED).toList());
    }

    private void allTensors() {
        html.open("details")
                .leaf(
                        "summary",
                        html.say(
                                "checkpoints.page.show-all",
                                comparison.tensors().size()));
        table(comparison.tensors());
        html.close("details");
    }

    private void table(List<TensorChange> tensors) {
        html.open("div", "class", "scroll").open("table").open("thead").open("tr");
        html.leaf("th", html.say("checkpoints.page.tensor"), "scope", "col");
        html.leaf("th", html.say("checkpoints.page.shape"), "scope", "col");
        html.leaf("th", html.say("checkpoints.page.dtype"), "scope", "col");
        html.leaf("th", html.say("checkpoints.page.change"), "scope", "col", "class", "number");
        html.leaf("th", html.say("checkpoints.page.largest-difference"), "scope", "col", "class", "number");
        html.close("tr").close("thead").open("tbody");
        for (TensorChange tensor : tensors) {
            html.open("tr").open("td").leaf("code", tensor.name()).close("td");
            html.leaf("td", tensor.shape().toString());
            html.leaf("td", dtypes(tensor));
            html.leaf("td", Percent.of(tensor.relative()), "class", "number");
            html.leaf("td", "%.3g".formatted(tensor.change().largest()), "class", "number");
            html.close("tr");
        }
        html.close("tbody").close("table").close("div");
    }

    private static String dtypes(TensorChange tensor) {
        return tensor.modelDType() == tensor.baseDType()
                ? tensor.modelDType().name()
                : tensor.baseDType() + " → " + tensor.modelDType();
    }

    /// The tensors that cannot be compared, if any.
    private void differences() {
        boolean none = comparison.onlyInModel().isEmpty()
                && comparison.onlyInBase().isEmpty()
                && comparison.reshaped().isEmpty()
                && comparison.unreadable().isEmpty()
                && comparison.dtypeDifferences().isEmpty();
        if (none) {
            return;
        }
        section("checkpoints.page.differences", () -> {
            comparison
                    .dtypeDifferences()
                    .forEach((pair, count) -> html.leaf("p", html.say("checkpoints.page.dtypes", count, pair)));
            names("checkpoints.page.only-in-model", comparison.onlyInModel());
            names("checkpoints.page.only-in-base", comparison.onlyInBase());
            names(
                    "checkpoints.page.reshaped",
                    comparison.reshaped().entrySet().stream()
                            .map(ComparisonPage::reshaped)
                            .toList());
            names("checkpoints.page.unreadable", comparison.unreadable());
        });
    }

    private static String reshaped(Map.Entry<String, List<Shape>> tensor) {
        return tensor.getKey() + " " + tensor.getValue().getLast() + " → "
                + tensor.getValue().getFirst();
    }

    private void names(String key, List<String> names) {
        if (!names.isEmpty()) {
            html.open("details", "open", "").leaf("summary", html.say(key, names.size()));
            html.open("ul", "class", "names");
            names.forEach(name -> html.open("li").leaf("code", name).close("li"));
            html.close("ul").close("details");
        }
    }

    /// Relative changes as people read them: three digits that count, from `0.0012%` to `340%`.
    public static final class Percent {
        private Percent() {}

        /// A share as text.
        public static String of(double share) {
            if (Double.isNaN(share)) {
                return "NaN";
            }
            if (Double.isInfinite(share)) {
                return "∞";
            }
            double percent = share * 100;
            if (percent == 0) {
                return "0%";
            }
            int digits = 2 - (int) Math.floor(Math.log10(Math.abs(percent)));
            return digits > 6
                    ? String.format(Locale.ROOT, "%.1e%%", percent)
                    : String.format(Locale.ROOT, "%." + Math.max(0, digits) + "f%%", percent);
        }
    }
}
