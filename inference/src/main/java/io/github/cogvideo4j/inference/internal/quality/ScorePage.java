package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.checkpoints.internal.inspect.page.Html;
import io.github.cogvideo4j.inference.quality.ScoreReport;
import io.github.cogvideo4j.inference.quality.VideoScore;
import io.github.cogvideo4j.inference.quality.VideoScore.Frame;
import io.github.cogvideo4j.inference.quality.VideoScore.Measure;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// Scores as one web page: all videos in a table, then each with its curves.
public final class ScorePage {
    /// The most frames whose numbers stand in a table; CSV has no such limit.
    private static final int MOST_ROWS = 1000;

    private static final List<Measure> OVERVIEW = List.of(
            Measure.MOTION,
            Measure.BLUR,
            Measure.SATURATION,
            Measure.SPATIAL_INFORMATION,
            Measure.TEMPORAL_INFORMATION);

    private final Html html;
    private final ScoreReport report;

    private ScorePage(ScoreReport report, Locale locale) {
        this.report = report;
        this.html = new Html(locale);
    }

    /// The page as HTML.
    public static String of(ScoreReport report, Locale locale) {
        return new ScorePage(report, locale).write();
    }

    private String write() {
        html.begin(html.say("inference.page.title"), ScorePage.class, "score.css");
        if (report.videos().size() > 1) {
            section(html.say("inference.page.all"), this::overview);
        }
        for (VideoScore video : report.videos()) {
            section(video.file().toString(), () -> video(video));
        }
        section(html.say("inference.page.meaning"), this::meaning);
        return html.end(html.say("inference.page.footer"));
    }

    private void section(String title, Runnable contents) {
        html.open("section").leaf("h2", title);
        contents.run();
        html.close("section");
    }

    private void overview() {
        boolean compared =
                report.videos().stream().anyMatch(video -> video.likeness().isPresent());
        html.open("div", "class", "scroll")
                .open("table", "class", "overview")
                .open("thead")
                .open("tr");
        head(html.say("inference.score.video"), false);
        head(html.say("inference.score.verdict"), false);
        head(html.say("inference.score.black"), true);
        head(html.say("inference.score.frozen"), true);
        head(html.say("inference.score.repeated"), true);
        head(html.say("inference.score.flickering"), true);
        OVERVIEW.forEach(measure -> head(title(measure), true));
        if (compared) {
            head(title(Measure.PSNR), true);
            head(title(Measure.SSIM), true);
            head(title(Measure.MS_SSIM), true);
        }
        html.close("tr").close("thead").open("tbody");
        report.videos().forEach(video -> row(video, compared));
        html.close("tbody").close("table").close("div");
    }

    private void row(VideoScore video, boolean compared) {
        html.open("tr").open("td").leaf("code", video.file().toString()).close("td");
        html.leaf("td", verdict(video), "class", video.check().symptoms().isEmpty() ? "" : "alarm");
        number(video.blackFrames() + "/" + video.frames().size());
        number(video.frozenFrames() + "/" + video.frames().size());
        number(video.repeatedFrames() + "/" + video.frames().size());
        number(flickering(video));
        for (Measure measure : OVERVIEW) {
            number(video.of(measure).map(all -> measure.text(all.getAverage())).orElse("–"));
        }
        if (compared) {
            video.likeness().ifPresent(like -> {
                number(Measure.PSNR.text(like.psnr()));
                number(Measure.SSIM.text(like.ssim()));
                number(text(Measure.MS_SSIM, like.msSsim()));
            });
        }
        html.close("tr");
    }

    private void video(VideoScore video) {
        double seconds = video.framesPerSecond() > 0 ? video.frames().size() / video.framesPerSecond() : 0;
        html.leaf(
                "p",
                html.say(
                        "inference.score.facts",
                        video.frames().size(),
                        video.width(),
                        video.height(),
                        Math.round(video.framesPerSecond() * 1000) / 1000.0,
                        Math.round(seconds * 10) / 10.0),
                "class",
                "note");
        html.open("ul", "class", "cards");
        card(
                verdict(video),
                html.say("inference.score.verdict"),
                !video.check().symptoms().isEmpty());
        card(flickering(video), html.say("inference.score.flickering"), false);
        card(Long.toString(video.blackFrames()), html.say("inference.score.black"), video.blackFrames() > 0);
        card(Long.toString(video.frozenFrames()), html.say("inference.score.frozen"), video.frozenFrames() > 0);
        card(Long.toString(video.repeatedFrames()), html.say("inference.score.repeated"), video.repeatedFrames() > 0);
        video.firstFrame()
                .ifPresent(first -> card(
                        html.say(first.burnt() ? "inference.score.burnt" : "inference.score.not-burnt"),
                        html.say("inference.score.first-frame"),
                        first.burnt()));
        video.likeness().ifPresent(like -> {
            card(Measure.PSNR.text(like.psnr()), title(Measure.PSNR), false);
            card(Measure.SSIM.text(like.ssim()), title(Measure.SSIM), false);
            card(text(Measure.MS_SSIM, like.msSsim()), title(Measure.MS_SSIM), false);
        });
        html.close("ul");
        video.likeness()
                .ifPresent(like -> html.leaf(
                        "p", html.say("inference.page.against", like.reference().toString()), "class", "note below"));
        html.open("div", "class", "charts");
        video.measures().forEach(measure -> chart(video, measure));
        html.close("div");
        frames(video);
    }

    private void chart(VideoScore video, Measure measure) {
        DoubleSummaryStatistics all = video.of(measure).orElseThrow();
        String range = html.say(
                "inference.score.range",
                measure.text(all.getAverage()),
                measure.text(all.getMin()),
                measure.text(all.getMax()));
        html.open("figure").open("figcaption");
        html.leaf("b", title(measure)).leaf("span", range).close("figcaption");
        new LineChart(html, video, measure, report.videos()).draw(title(measure) + ": " + range);
        html.close("figure");
    }

    private void frames(VideoScore video) {
        List<Measure> measures = video.measures();
        html.open("details").leaf("summary", html.say("inference.page.per-frame"));
        if (video.frames().size() > MOST_ROWS) {
            html.leaf("p", html.say("inference.page.first-frames", MOST_ROWS), "class", "note");
        }
        html.open("div", "class", "scroll").open("table").open("thead").open("tr");
        head(html.say("inference.score.frame"), true);
        measures.forEach(measure -> head(title(measure), true));
        head(html.say("inference.score.remarks"), false);
        html.close("tr").close("thead").open("tbody");
        for (int i = 0; i < Math.min(MOST_ROWS, video.frames().size()); i++) {
            Frame frame = video.frames().get(i);
            html.open("tr");
            number(Integer.toString(i));
            measures.forEach(measure -> number(text(measure, frame.value(measure))));
            html.leaf("td", remarks(frame)).close("tr");
        }
        html.close("tbody").close("table").close("div").close("details");
    }

    private String remarks(Frame frame) {
        List<String> remarks = new ArrayList<>();
        if (frame.black()) {
            remarks.add(html.say("inference.score.is-black"));
        }
        if (frame.frozen()) {
            remarks.add(html.say("inference.score.is-frozen"));
        }
        if (frame.repeated()) {
            remarks.add(html.say("inference.score.is-repeated"));
        }
        return remarks.isEmpty() ? "" : html.list(remarks);
    }

    private void meaning() {
        html.open("dl", "class", "meaning");
        html.leaf("dt", html.say("inference.score.frozen")).leaf("dd", html.say("inference.page.frozen-means"));
        html.leaf("dt", html.say("inference.score.repeated")).leaf("dd", html.say("inference.page.repeated-means"));
        html.leaf("dt", html.say("inference.score.flickering")).leaf("dd", html.say("inference.page.flickering-means"));
        for (Measure measure : Measure.values()) {
            if (report.videos().stream().anyMatch(video -> video.of(measure).isPresent())) {
                html.leaf("dt", title(measure));
                html.leaf(
                        "dd", html.say("inference.page.measure-" + measure.id().replace('_', '-')));
            }
        }
        html.close("dl");
    }

    private void card(String value, String label, boolean alarm) {
        html.open("li", "class", alarm ? "alarm" : "")
                .leaf("b", value)
                .leaf("span", label)
                .close("li");
    }

    private void head(String text, boolean number) {
        html.leaf("th", text, "scope", "col", "class", number ? "number" : "");
    }

    private void number(String text) {
        html.leaf("td", text, "class", "number");
    }

    private String title(Measure measure) {
        return html.say(measure.title().key());
    }

    private String verdict(VideoScore video) {
        return video.check().symptoms().isEmpty()
                ? html.say("inference.score.sound")
                : html.list(video.check().symptoms().stream().map(this::word).toList());
    }

    private String word(VideoSymptom symptom) {
        return html.say("inference.symptom." + symptom.name().toLowerCase(Locale.ROOT));
    }

    private static String flickering(VideoScore video) {
        OptionalDouble value = video.temporalFlickering();
        return value.isPresent() ? String.format(Locale.ROOT, "%.4f", value.getAsDouble()) : "–";
    }

    private static String text(Measure measure, OptionalDouble value) {
        return value.isPresent() ? measure.text(value.getAsDouble()) : "–";
    }
}
