package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.quality.ScoreReport;
import io.github.cogvideo4j.inference.quality.VideoScore;
import io.github.cogvideo4j.inference.quality.VideoScore.Measure;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// Scores for the terminal: all numbers of one video, or a row for each of several.
///
/// @param console where they are printed
/// @param report  the scores
public record ScoreText(Console console, ScoreReport report) {
    private static final List<Measure> OF_SEVERAL =
            List.of(Measure.MOTION, Measure.BLUR, Measure.SATURATION, Measure.PSNR, Measure.SSIM, Measure.MS_SSIM);

    /// Prints them.
    public void print() {
        if (report.videos().size() == 1) {
            one(report.videos().getFirst());
        } else {
            several();
        }
        report.videos().forEach(this::findings);
    }

    private void one(VideoScore video) {
        console.print(
                "cli.score.video",
                video.file(),
                video.frames().size(),
                video.width(),
                video.height(),
                Math.round(video.framesPerSecond() * 1000) / 1000.0);
        TextTable counts = new TextTable("lr");
        counts.row(List.of(console.text("inference.score.black"), Long.toString(video.blackFrames())));
        counts.row(List.of(console.text("inference.score.frozen"), Long.toString(video.frozenFrames())));
        counts.row(List.of(console.text("inference.score.repeated"), Long.toString(video.repeatedFrames())));
        counts.row(List.of(console.text("inference.score.flickering"), flickering(video)));
        video.firstFrame()
                .ifPresent(first -> counts.row(List.of(
                        console.text("inference.score.first-frame"),
                        console.text(first.burnt() ? "inference.score.burnt" : "inference.score.not-burnt"))));
        print(counts);
        console.line("");
        TextTable measures = new TextTable("lrrr");
        measures.row(List.of(
                "",
                console.text("cli.score.mean"),
                console.text("cli.score.least"),
                console.text("cli.score.largest")));
        for (Measure measure : video.measures()) {
            video.of(measure)
                    .ifPresent(all -> measures.row(List.of(
                            title(measure),
                            measure.text(all.getAverage()),
                            measure.text(all.getMin()),
                            measure.text(all.getMax()))));
        }
        print(measures);
        video.likeness().ifPresent(like -> {
            console.line("");
            console.print(
                    "cli.score.against",
                    like.reference(),
                    Measure.PSNR.text(like.psnr()),
                    Measure.SSIM.text(like.ssim()),
                    text(Measure.MS_SSIM, like.msSsim()));
        });
    }

    private void several() {
        List<Measure> shown = OF_SEVERAL.stream()
                .filter(measure -> report.videos().stream()
                        .anyMatch(video -> video.measures().contains(measure)))
                .toList();
        TextTable table = new TextTable("lrrrrr" + "r".repeat(shown.size()));
        List<String> head = new ArrayList<>(List.of(
                console.text("inference.score.video"),
                console.text("cli.score.frames"),
                console.text("cli.score.black"),
                console.text("cli.score.frozen"),
                console.text("cli.score.repeated"),
                console.text("cli.score.flickering")));
        shown.forEach(measure -> head.add(title(measure)));
        table.row(head);
        for (VideoScore video : report.videos()) {
            List<String> cells = new ArrayList<>(List.of(
                    video.file().toString(),
                    Integer.toString(video.frames().size()),
                    Long.toString(video.blackFrames()),
                    Long.toString(video.frozenFrames()),
                    Long.toString(video.repeatedFrames()),
                    flickering(video)));
            shown.forEach(measure -> cells.add(text(measure, whole(video, measure))));
            table.row(cells);
        }
        table.lines().forEach(console::line);
    }

    /// The number of the whole video.
    private static OptionalDouble whole(VideoScore video, Measure measure) {
        return switch (measure) {
            case PSNR ->
                video.likeness().stream().mapToDouble(VideoScore.Likeness::psnr).findFirst();
            default ->
                video.of(measure).stream().mapToDouble(all -> all.getAverage()).findFirst();
        };
    }

    /// What is wrong with a video, in the words for which generating a trial has its own.
    private void findings(VideoScore video) {
        for (VideoSymptom symptom : video.check().symptoms()) {
            console.finding(Problem.of(
                    ProblemCode.VIDEO,
                    Place.of(video.file()),
                    "cli.score.symptom." + symptom.name().toLowerCase(Locale.ROOT)));
        }
        if (video.firstFrame().filter(VideoScore.FirstFrame::burnt).isPresent()) {
            console.warn(Problem.of(ProblemCode.VIDEO, Place.of(video.file()), "cli.score.burnt"));
        }
    }

    private void print(TextTable table) {
        table.lines().forEach(line -> console.line("  " + line));
    }

    private String title(Measure measure) {
        return measure.title().text(console.locale());
    }

    private static String flickering(VideoScore video) {
        OptionalDouble value = video.temporalFlickering();
        return value.isPresent() ? String.format(Locale.ROOT, "%.4f", value.getAsDouble()) : "–";
    }

    private static String text(Measure measure, OptionalDouble value) {
        return value.isPresent() ? measure.text(value.getAsDouble()) : "–";
    }
}
