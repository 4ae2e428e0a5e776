package io.github.cogvideo4j.inference.internal.watch;

import static io.github.cogvideo4j.inference.internal.watch.WatchPage.say;

import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.internal.watch.StepChart.Band;
import io.github.cogvideo4j.inference.internal.watch.StepChart.Curve;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Preference;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/// Which checkpoint each score prefers, the scores as curves, and their numbers.
final class WatchScores {
    private final Html html;
    private final WatchReport report;
    private final List<Score> scores;

    WatchScores(Html html, WatchReport report) {
        this.html = html;
        this.report = report;
        this.scores = Arrays.stream(Score.values())
                .filter(score -> report.checkpoints().stream()
                        .anyMatch(checkpoint -> checkpoint.mean(score).isPresent()))
                .toList();
    }

    void write() {
        if (scores.isEmpty()) {
            html.leaf("p", say("no-scores"), "class", "note last");
            return;
        }
        html.leaf("p", say("scores-note"), "class", "note");
        preferences();
        html.leaf("h3", say("score-curves")).leaf("p", say("score-curves-note"), "class", "note");
        html.open("div", "class", "charts");
        scores.forEach(this::chart);
        html.close("div");
        html.open("details").leaf("summary", say("all-scores"));
        numbers();
        html.close("details");
    }

    private void preferences() {
        scroll();
        html.open("table", "id", "table-preferred").open("thead").open("tr");
        html.leaf("th", say("score"), "scope", "col");
        html.leaf("th", say("prefers"), "scope", "col");
        html.leaf("th", say("mean"), "scope", "col", "class", "number");
        html.leaf("th", say("meaning"), "scope", "col");
        html.close("tr").close("thead").open("tbody");
        for (Score score : scores) {
            Optional<WatchedCheckpoint> best = report.preferred(score);
            html.open("tr").leaf("th", score.title()::text, "scope", "row");
            if (best.isPresent()) {
                html.open("td").leaf("b", best.get().name()).close("td");
            } else {
                html.leaf("td", say("prefers-none"), "class", "soft");
            }
            html.leaf(
                    "td",
                    best.map(checkpoint -> WatchPage.text(checkpoint.mean(score)))
                            .orElse("–"),
                    "class",
                    "number");
            html.open("td", "class", "meaning").words(meaning(score)::text).text(" ");
            if (score.preference() != Preference.NONE) {
                html.words(say(score.preference() == Preference.HIGHER ? "more-is-better" : "less-is-better"));
            }
            html.close("td").close("tr");
        }
        html.close("tbody").close("table").close("div");
    }

    private static Message meaning(Score score) {
        return score == Score.TEMPORAL_FLICKERING
                ? Message.of("inference.page.flickering-means")
                : Message.of("inference.page.measure-" + score.id().replace('_', '-'));
    }

    private void chart(Score score) {
        List<OptionalDouble> means = report.checkpoints().stream()
                .map(checkpoint -> checkpoint.mean(score))
                .toList();
        String id = "score-" + score.id().replace('_', '-');
        int best = report.preferred(score).map(report.checkpoints()::indexOf).orElse(-1);
        html.open("figure").open("figcaption", "id", id).leaf("b", score.title()::text);
        if (best >= 0) {
            html.leaf("span", report.checkpoints().get(best).name() + ": " + WatchPage.text(means.get(best)));
        }
        html.close("figcaption");
        Band spread = new Band(
                extremes(score, DoubleSummaryStatistics::getMin), extremes(score, DoubleSummaryStatistics::getMax));
        new StepChart(html, report.checkpoints(), WatchPage::number)
                .draw(id, List.of(new Curve("", "line", "", means)), List.of(spread), false, best);
        html.close("figure");
    }

    private List<OptionalDouble> extremes(Score score, ToDoubleFunction<DoubleSummaryStatistics> which) {
        return report.checkpoints().stream()
                .map(checkpoint -> {
                    DoubleSummaryStatistics all = checkpoint.samples().stream()
                            .flatMapToDouble(sample -> sample.value(score).stream())
                            .summaryStatistics();
                    return all.getCount() == 0 ? OptionalDouble.empty() : OptionalDouble.of(which.applyAsDouble(all));
                })
                .toList();
    }

    private void numbers() {
        scroll();
        html.open("table", "id", "table-scores").open("thead").open("tr");
        html.leaf("th", say("checkpoint"), "scope", "col");
        scores.forEach(score -> html.leaf("th", score.title()::text, "scope", "col", "class", "number"));
        html.close("tr").close("thead").open("tbody");
        List<Optional<WatchedCheckpoint>> preferred =
                scores.stream().map(report::preferred).toList();
        for (WatchedCheckpoint checkpoint : report.checkpoints()) {
            html.open("tr").leaf("th", checkpoint.name(), "scope", "row");
            for (int i = 0; i < scores.size(); i++) {
                boolean best = preferred.get(i).filter(checkpoint::equals).isPresent();
                html.leaf(
                        "td",
                        (best ? "★ " : "") + WatchPage.text(checkpoint.mean(scores.get(i))),
                        "class",
                        best ? "number best" : "number");
            }
            html.close("tr");
        }
        html.close("tbody").close("table").close("div");
    }

    private void scroll() {
        html.open("div", "class", "scroll tall", "tabindex", "0", "role", "group", "aria-labelledby", "scores-title");
    }
}
