package io.github.cogvideo4j.cli.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Failures;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class GenerationDisplayTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void previewsThatStayAfterASignalAreTold() {
        Console console = console(false);
        previews(console);
        console.interrupted(() -> Failures.interrupted(ExitCode.INTERRUPTED));
        assertThat(err.toString(UTF_8)).contains("kept: 2 files, the last of them video.mp4.step-020.png");
    }

    @Test
    void previewsThatStayAreListedInJson() {
        Console console = console(true);
        previews(console);
        console.interrupted(() -> Failures.interrupted(ExitCode.INTERRUPTED));
        assertThat(JsonMapper.shared().readTree(out.toString(UTF_8)).get("kept"))
                .hasSize(2);
    }

    @Test
    void whatEveryPromptNoticesIsToldOnce() {
        Console console = console(false);
        try (GenerationDisplay display = new GenerationDisplay(console, Optional.empty())) {
            for (int prompt = 0; prompt < 3; prompt++) {
                display.on(new JobEvent.Warned(
                        Problem.of(ProblemCode.REQUEST, Place.nowhere(), "cli.generate.repeat-differs", "model")));
            }
        }
        assertThat(err.toString(UTF_8)).hasLineCount(1);
    }

    private static void previews(Console console) {
        try (GenerationDisplay display = new GenerationDisplay(console, Optional.empty())) {
            display.on(new GenerationEvent.PreviewWritten(Path.of("video.mp4.step-010.png")));
            display.on(new GenerationEvent.PreviewWritten(Path.of("video.mp4.step-020.png")));
        }
    }

    private Console console(boolean json) {
        return new Console(Terminal.of(out, err, UTF_8), Map.of(), Language.EN, json, false);
    }
}
