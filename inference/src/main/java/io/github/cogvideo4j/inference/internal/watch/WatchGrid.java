package io.github.cogvideo4j.inference.internal.watch;

import static io.github.cogvideo4j.inference.internal.watch.WatchPage.say;

import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The videos, checkpoints by prompts, the newest checkpoint first. A video is a link to its file; the script makes
/// those that can be seen play in step.
final class WatchGrid {
    private final Html html;
    private final WatchReport report;

    WatchGrid(Html html, WatchReport report) {
        this.html = html;
        this.report = report;
    }

    /// The identifier of a checkpoint's row.
    static String row(int checkpoint) {
        return "checkpoint-row-" + checkpoint;
    }

    void write() {
        if (report.checkpoints().isEmpty()) {
            html.leaf("p", say("no-checkpoints"), "class", "note last");
            return;
        }
        html.leaf("p", say("videos-note"), "class", "note");
        player();
        html.open(
                "div",
                "class",
                "grid",
                "id",
                "grid",
                "tabindex",
                "0",
                "role",
                "group",
                "aria-labelledby",
                "videos-title");
        html.open("table", "aria-labelledby", "videos-title").open("thead").open("tr");
        html.leaf("th", say("checkpoint"), "scope", "col");
        for (String prompt : report.prompts()) {
            html.open("th", "scope", "col").leaf("span", prompt, "class", "prompt", "title", prompt);
            html.close("th");
        }
        html.close("tr").close("thead").open("tbody");
        for (int i = report.checkpoints().size() - 1; i >= 0; i--) {
            row(i, report.checkpoints().get(i));
        }
        html.close("tbody").close("table").close("div");
        enlarged();
    }

    private void player() {
        html.open("div", "class", "player", "hidden", "");
        html.open("button", "type", "button", "id", "play");
        html.open("span", "class", "start").words(say("play")).close("span");
        html.open("span", "class", "stop").words(say("stop")).close("span").close("button");
        html.open("label").words(say("time"));
        html.open("input", "type", "range", "id", "seek", "min", "0", "max", "1000", "value", "0")
                .close("label");
        html.leaf("output", "0.0 s", "id", "clock");
        html.open("label").words(say("speed")).open("select", "id", "rate");
        for (String rate : List.of("0.25", "0.5", "1", "2")) {
            html.open(
                    "option",
                    rate.equals("1") ? new String[] {"value", rate, "selected", ""} : new String[] {"value", rate});
            html.text(rate + "×").close("option");
        }
        html.close("select").close("label");
        html.open("label").words(say("zoom"));
        html.open("input", "type", "range", "id", "zoom", "min", "80", "max", "400", "step", "10", "value", "160");
        html.close("label").close("div");
    }

    private void row(int index, WatchedCheckpoint checkpoint) {
        html.open("tr", "id", row(index));
        html.open("th", "scope", "row").leaf("b", checkpoint.name());
        remarks(checkpoint);
        html.close("th");
        if (checkpoint.samples().isEmpty()) {
            html.open(
                    "td",
                    "colspan",
                    Integer.toString(Math.max(1, report.prompts().size())),
                    "class",
                    "empty");
            html.words(say("state-" + checkpoint.state().id()));
            checkpoint.problem().ifPresent(problem -> html.leaf("p", WatchPage.sentence(problem)));
            html.close("td");
        } else {
            for (int prompt = 0; prompt < report.prompts().size(); prompt++) {
                cell(checkpoint, prompt);
            }
        }
        html.close("tr");
    }

    private void remarks(WatchedCheckpoint checkpoint) {
        if (!checkpoint.alarms().isEmpty()) {
            html.leaf("span", say("alarms-of", checkpoint.alarms().size()), "class", "badge alarm");
        }
        if (checkpoint.deleted()) {
            html.leaf("span", say("deleted"), "class", "badge");
        } else if (checkpoint.state() != State.DONE && !checkpoint.samples().isEmpty()) {
            html.leaf("span", say("state-" + checkpoint.state().id()), "class", "badge");
        }
        List<Message> best = Arrays.stream(Score.values())
                .filter(score ->
                        report.preferred(score).filter(checkpoint::equals).isPresent())
                .map(Score::title)
                .toList();
        if (!best.isEmpty()) {
            html.leaf("span", language -> preferredBy(best, language), "class", "preferred");
        }
        if (checkpoint.training().loss().isPresent()) {
            String loss = WatchPage.text(checkpoint.training().loss());
            html.leaf("span", say("loss-of", loss), "class", "fact");
        }
    }

    private static String preferredBy(List<Message> scores, Locale language) {
        List<String> titles = scores.stream().map(title -> title.text(language)).toList();
        return say("preferred-by", Message.list(titles)).apply(language);
    }

    private void cell(WatchedCheckpoint checkpoint, int prompt) {
        Optional<Sample> found = checkpoint.samples().stream()
                .filter(sample -> sample.prompt() == prompt)
                .findFirst();
        if (found.isEmpty()) {
            html.leaf("td", "–", "class", "empty");
            return;
        }
        Sample sample = found.get();
        String name = checkpoint.name() + ": " + report.prompts().get(prompt);
        html.open("td").open("a", "class", "shot", "href", url(sample.video()), "aria-label", name);
        html.open("video", "muted", "", "playsinline", "", "preload", "none", "aria-hidden", "true");
        html.close("video").close("a");
        for (VideoSymptom symptom : sample.symptoms()) {
            Message word = Message.of("inference.symptom." + symptom.name().toLowerCase(Locale.ROOT));
            html.leaf("span", word::text, "class", "badge alarm");
        }
        html.close("td");
    }

    /// The video that was chosen, as large as the window, with its neighbours a key away.
    private void enlarged() {
        html.open("dialog", "id", "enlarged", "aria-labelledby", "enlarged-name");
        html.leaf("p", "", "id", "enlarged-name");
        html.open("video", "controls", "", "loop", "", "muted", "", "playsinline", "")
                .close("video");
        html.open("div", "class", "player");
        for (String to : List.of("newer", "older", "previous-prompt", "next-prompt", "close")) {
            html.open("button", "type", "button", "data-go", to).words(say(to)).close("button");
        }
        html.close("div").close("dialog");
    }

    /// A path of plain names as a relative address: no name of it can become anything else.
    static String url(String path) {
        return Stream.of(path.split("/"))
                .map(name -> URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
    }
}
