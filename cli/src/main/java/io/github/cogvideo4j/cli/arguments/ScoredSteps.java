package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The scores of a run's steps: from what `cogvideo score --json` printed of videos whose paths name the step
/// (`samples/step-500/cat.mp4`, `checkpoint-500.mp4`), or from the report of a watch. Of several videos of a step the
/// mean counts.
public final class ScoredSteps {
    private static final long MOST_BYTES = 64L << 20;
    private static final Pattern STEP = Pattern.compile("(?:checkpoint|step)[-_]?(\\d{1,15})");

    private ScoredSteps() {}

    /// Reads the scores of a measure; a higher one is better.
    ///
    /// @param file    the JSON
    /// @param measure a word of `--keep best:`
    /// @throws UsageException when no video names a step, or none has the measure
    public static SortedMap<Long, Double> read(Path file, String measure) throws IOException {
        JsonNode read = JsonFile.readObject(file, MOST_BYTES, ProblemCode.REQUEST);
        if (read.path("checkpoints").isArray()) {
            return watched(file, measure);
        }
        JsonNode videos = read.path("result").path("videos");
        SortedMap<Long, List<Double>> found = new TreeMap<>();
        for (JsonNode video : videos) {
            JsonNode value = switch (measure) {
                case "flicker" -> video.path("temporal_flickering");
                case "sharpness" -> video.path("measures").path("blur").path("mean");
                default ->
                    video.path("measures").path(measure.replace('-', '_')).path("mean");
            };
            Matcher step = STEP.matcher(video.path("path").asString(""));
            long number = -1;
            while (step.find()) {
                number = Long.parseLong(step.group(1));
            }
            if (number >= 0 && value.isNumber()) {
                // Blur is the width of edges: the smaller, the sharper.
                double score = measure.equals("sharpness") ? -value.doubleValue() : value.doubleValue();
                found.computeIfAbsent(number, _ -> new ArrayList<>()).add(score);
            }
        }
        if (found.isEmpty()) {
            throw new UsageException("cli.prune.no-scores", file, measure);
        }
        SortedMap<Long, Double> scores = new TreeMap<>();
        found.forEach((number, all) -> scores.put(
                number, all.stream().mapToDouble(score -> score).average().orElse(0)));
        return scores;
    }

    /// Of the checkpoints that a score could prefer: black videos are the steadiest.
    private static SortedMap<Long, Double> watched(Path file, String measure) throws IOException {
        SortedMap<Long, Double> scores = new TreeMap<>();
        for (WatchedCheckpoint checkpoint : WatchReport.read(file).checkpoints()) {
            OptionalDouble mean = switch (measure) {
                case "flicker" -> checkpoint.mean(Score.TEMPORAL_FLICKERING);
                case "sharpness" -> negated(checkpoint.mean(Score.BLUR));
                default -> OptionalDouble.empty();
            };
            if (mean.isPresent() && checkpoint.isSound() && checkpoint.alarms().isEmpty()) {
                scores.put(checkpoint.number(), mean.getAsDouble());
            }
        }
        if (scores.isEmpty()) {
            throw new UsageException("cli.prune.no-watched", file, measure);
        }
        return scores;
    }

    private static OptionalDouble negated(OptionalDouble value) {
        return value.isPresent() ? OptionalDouble.of(-value.getAsDouble()) : value;
    }
}
