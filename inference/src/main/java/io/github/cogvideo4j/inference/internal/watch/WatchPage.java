package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage.Percent;
import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.internal.watch.StepChart.Curve;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Trouble;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A watch's report as one web page in two languages: everything that is text is in it, the videos lie beside it.
public final class WatchPage {
    private static final List<Locale> LANGUAGES = List.of(Locale.ENGLISH, Locale.CHINESE);
    private static final int DIGITS = 4;
    private static final double SMALLEST_PLAIN = 1e-4;
    private static final double LARGEST_PLAIN = 1e6;

    private final WatchReport report;
    private final Html html = new Html(LANGUAGES);

    private WatchPage(WatchReport report) {
        this.report = report;
    }

    /// The page as HTML.
    public static String of(WatchReport report) {
        return new WatchPage(report).write();
    }

    private String write() {
        html.beginInteractive(name() + " · CogVideo4J", WatchPage.class, "watch.css", "watch.js");
        top();
        facts();
        summary();
        section("alarms", "alarms", this::alarms);
        section("videos", "videos", new WatchGrid(html, report)::write);
        section("scores", "scores", new WatchScores(html, report)::write);
        drift("drift-base", "drift-base-note", WatchedCheckpoint::base);
        drift("drift-previous", "drift-previous-note", WatchedCheckpoint::previous);
        section("training", "training", this::training);
        section("checkpoints", "checkpoints", this::checkpoints);
        html.leaf("footer", say("footer"));
        return html.end();
    }

    /// Words of this page.
    static Function<Locale, String> say(String key, Object... arguments) {
        return Message.of("inference.watch.page." + key, arguments)::text;
    }

    /// A number as people read it: four digits that count.
    static String number(double value) {
        double size = Math.abs(value);
        if (!Double.isFinite(value) || (value != 0 && (size < SMALLEST_PLAIN || size >= LARGEST_PLAIN))) {
            return String.format(Locale.ROOT, "%.3g", value);
        }
        return new BigDecimal(value)
                .round(new MathContext(DIGITS))
                .stripTrailingZeros()
                .toPlainString();
    }

    private String name() {
        String path = report.run().replaceAll("[/\\\\]+$", "");
        return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
    }

    private void section(String id, String title, Runnable contents) {
        html.open("section", "id", id, "aria-labelledby", id + "-title");
        html.leaf("h2", say(title), "id", id + "-title");
        contents.run();
        html.close("section");
    }

    private void top() {
        html.open("header", "class", "top").leaf("h1", say("title", name()));
        html.open("div", "class", "switches", "hidden", "");
        html.open("div", "class", "switch", "role", "group", "aria-labelledby", "language");
        html.leaf("span", say("language"), "id", "language", "class", "unseen");
        choice("data-language", "en", "lang", "en");
        html.text("English").close("button");
        choice("data-language", "zh", "lang", "zh");
        html.text("中文").close("button").close("div");
        html.open("div", "class", "switch", "role", "group", "aria-labelledby", "colours");
        html.leaf("span", say("colours"), "id", "colours", "class", "unseen");
        choice("data-theme", "light");
        html.words(say("light")).close("button");
        choice("data-theme", "dark");
        html.words(say("dark")).close("button").close("div");
        html.close("div").close("header");
    }

    private void choice(String... attributes) {
        html.open(
                "button",
                Stream.concat(Stream.of("type", "button", "aria-pressed", "false"), Arrays.stream(attributes))
                        .toArray(String[]::new));
    }

    private void facts() {
        html.open("dl", "class", "sides");
        html.leaf("dt", say("run")).leaf("dd", report.run());
        html.leaf("dt", say("model")).leaf("dd", report.model());
        html.leaf("dt", say("size")).leaf("dd", say(report.full() ? "full" : "small"));
        html.leaf("dt", say("seed")).leaf("dd", Long.toString(report.seed()));
        html.close("dl");
    }

    private void summary() {
        long done = report.checkpoints().stream()
                .filter(checkpoint -> checkpoint.state() == State.DONE)
                .count();
        long alarms = report.checkpoints().stream()
                .mapToLong(checkpoint -> checkpoint.alarms().size())
                .sum();
        html.open("ul", "class", "cards");
        card(done + " / " + report.checkpoints().size(), say("done"), "", false);
        card(Long.toString(alarms), say("alarms-count", alarms), "", alarms > 0);
        report.checkpoints().stream()
                .filter(checkpoint -> checkpoint.base().isPresent())
                .reduce((first, second) -> second)
                .ifPresent(newest -> newest.base()
                        .ifPresent(drift ->
                                card(Percent.of(drift.relative()), say("newest-drift"), newest.name(), false)));
        Map<String, Long> votes = Arrays.stream(Score.values())
                .flatMap(score -> report.preferred(score).stream())
                .collect(Collectors.groupingBy(WatchedCheckpoint::name, Collectors.counting()));
        long voters = votes.values().stream().mapToLong(Long::longValue).sum();
        report.checkpoints().reversed().stream()
                .filter(checkpoint -> votes.containsKey(checkpoint.name()))
                .max((a, b) -> Long.compare(votes.getOrDefault(a.name(), 0L), votes.getOrDefault(b.name(), 0L)))
                .ifPresent(best -> card(
                        best.name(), say("most-preferred", votes.getOrDefault(best.name(), 0L), voters), "", false));
        html.close("ul");
    }

    private void card(String value, Function<Locale, String> label, String detail, boolean alarm) {
        html.open("li", "class", alarm ? "alarm" : "").leaf("b", value).leaf("span", label);
        if (!detail.isEmpty()) {
            html.leaf("code", detail);
        }
        html.close("li");
    }

    private void alarms() {
        if (report.checkpoints().stream()
                .allMatch(checkpoint -> checkpoint.alarms().isEmpty())) {
            html.leaf("p", say("no-alarms"), "class", "note last");
            return;
        }
        html.open("ul", "class", "alarms");
        for (int i = report.checkpoints().size() - 1; i >= 0; i--) {
            WatchedCheckpoint checkpoint = report.checkpoints().get(i);
            for (Alarm alarm : checkpoint.alarms()) {
                html.open("li").open("div", "class", "of");
                html.leaf("a", checkpoint.name(), "href", "#" + WatchGrid.row(i));
                html.leaf("b", say("alarm-" + alarm.kind().id()), "class", "badge alarm")
                        .close("div");
                html.leaf("p", inBoth(alarm.english(), alarm.chinese())).close("li");
            }
        }
        html.close("ul");
    }

    private static Function<Locale, String> inBoth(String english, String chinese) {
        return language -> language.equals(Locale.CHINESE) ? chinese : english;
    }

    /// A sentence about a checkpoint that could not be tried, or has not been.
    static Function<Locale, String> sentence(Trouble trouble) {
        return inBoth(trouble.english(), trouble.chinese());
    }

    private void drift(String id, String note, Function<WatchedCheckpoint, Optional<Drift>> which) {
        WatchDrift drift = new WatchDrift(html, report, which, id);
        if (drift.isKnown()) {
            section(id, id, () -> {
                html.leaf("p", say(note), "class", "note");
                drift.write();
            });
        }
    }

    private void training() {
        html.open("div", "class", "charts");
        chart("learning-rate", Training::learningRate);
        chart("loss", Training::loss);
        html.close("div");
        table("training", "training", () -> {
            head("checkpoint", false);
            head("step", true);
            head("learning-rate", true);
            head("loss", true);
            head("trainer", false);
        });
        for (WatchedCheckpoint checkpoint : report.checkpoints()) {
            Training training = checkpoint.training();
            html.open("tr").leaf("th", checkpoint.name(), "scope", "row");
            cell(training.step().isPresent() ? Long.toString(training.step().getAsLong()) : "–", true);
            cell(text(training.learningRate()), true);
            cell(text(training.loss()), true);
            cell(training.trainer().orElse("–"), false);
            html.close("tr");
        }
        html.close("tbody").close("table").close("div");
    }

    private void chart(String what, Function<Training, OptionalDouble> value) {
        List<OptionalDouble> values = report.checkpoints().stream()
                .map(checkpoint -> value.apply(checkpoint.training()))
                .toList();
        List<Curve> curves = List.of(new Curve("", "line", "", values));
        if (StepChart.isAnythingIn(curves)) {
            html.open("figure").leaf("figcaption", say(what), "id", "chart-" + what);
            new StepChart(html, report.checkpoints(), WatchPage::number)
                    .draw("chart-" + what, curves, List.of(), false, -1);
            html.close("figure");
        }
    }

    static String text(OptionalDouble value) {
        return value.isPresent() ? number(value.getAsDouble()) : "–";
    }

    private void checkpoints() {
        table("all", "checkpoints", () -> {
            head("checkpoint", false);
            head("state", false);
            head("tensors", true);
            head("nan", true);
            head("infinite", true);
            head("dead", true);
        });
        for (WatchedCheckpoint checkpoint : report.checkpoints()) {
            html.open("tr").leaf("th", checkpoint.name(), "scope", "row").open("td");
            state(checkpoint);
            html.close("td");
            Optional<Values> values = checkpoint.values();
            cell(values.map(known -> Long.toString(known.tensors())).orElse("–"), true);
            names(values.map(Values::nan));
            names(values.map(Values::infinite));
            names(values.map(Values::dead));
            html.close("tr");
        }
        html.close("tbody").close("table").close("div");
    }

    private void state(WatchedCheckpoint checkpoint) {
        html.words(say("state-" + checkpoint.state().id()));
        if (checkpoint.deleted() && checkpoint.state() != State.GONE) {
            html.text(" ").words(say("deleted"));
        }
        checkpoint.problem().ifPresent(problem -> html.leaf("p", sentence(problem)));
    }

    private void names(Optional<Names> names) {
        if (names.isEmpty() || names.get().count() == 0) {
            cell(names.isEmpty() ? "–" : "0", true);
            return;
        }
        html.open("td", "class", "number alarm").open("details");
        html.leaf("summary", Long.toString(names.get().count())).open("ul", "class", "names");
        names.get().first().forEach(name -> html.open("li").leaf("code", name).close("li"));
        if (names.get().count() > names.get().first().size()) {
            html.leaf("li", "…");
        }
        html.close("ul").close("details").close("td");
    }

    /// Opens a table that is scrolled where it is too wide, with the keyboard too.
    private void table(String id, String title, Runnable head) {
        html.open("div", "class", "scroll tall", "tabindex", "0", "role", "group", "aria-labelledby", title + "-title");
        html.open("table", "id", "table-" + id).open("thead").open("tr");
        head.run();
        html.close("tr").close("thead").open("tbody");
    }

    private void head(String key, boolean number) {
        html.leaf("th", say(key), "scope", "col", "class", number ? "number" : "");
    }

    private void cell(String text, boolean number) {
        html.leaf("td", text, "class", number ? "number" : "");
    }
}
