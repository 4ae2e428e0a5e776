package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.GeneratedVideoReport;
import io.github.cogvideo4j.cli.report.GenerationDisplay;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import java.io.IOException;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The end of a generation on the console: its videos, and the exit code that they mean.
final class GenerationOutcome {
    private GenerationOutcome() {}

    /// Runs a planned generation and shows how it gets on.
    static ExitCode of(Console console, PlannedGeneration job) throws IOException {
        ObjectNode result = JsonFile.newObject();
        ArrayNode told = result.putArray("videos");
        try (GenerationDisplay display =
                new GenerationDisplay(console, job.request().settings().cache())) {
            List<GeneratedVideoReport> videos = job.run(display.control()).videos().stream()
                    .map(GeneratedVideoReport::new)
                    .toList();
            videos.forEach(video -> told.add(video.json()));
            console.result(result);
            return videos.stream().allMatch(GeneratedVideoReport::isSound) ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
        } catch (InvalidModelException e) {
            if (job.request().trial() && e.problem().code() == ProblemCode.NAN_INF) {
                console.finding(e.problem());
                console.result(result);
                return ExitCode.PROBLEMS_FOUND;
            }
            throw e;
        }
    }
}
