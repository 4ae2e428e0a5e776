package io.github.cogvideo4j.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Failures;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ConsoleTest {
    private static final Place PLACE = Place.at(Path.of("run/weights.pt"), 96).tensor("proj.weight");
    private static final MalformedFileException CUT_SHORT =
            new MalformedFileException(ProblemCode.TRUNCATED, PLACE, "formats.source.shrunk", 3);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void anErrorIsOneLineWithCodeAndPlaceThenAHint() {
        console(Map.of(), Language.EN, false, false).fail(Failures.of(CUT_SHORT), CUT_SHORT);
        assertThat(err().lines().toList())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("error: ")
                                .endsWith(" [truncated] (run/weights.pt, at byte 96, tensor proj.weight)"),
                        line -> assertThat(line).startsWith("hint: "));
        assertThat(out()).isEmpty();
    }

    @Test
    void anErrorInChinese() {
        console(Map.of(), Language.ZH, false, false).fail(Failures.of(CUT_SHORT), CUT_SHORT);
        assertThat(err()).startsWith("错误：").contains("[truncated] (run/weights.pt，第 96 字节处，张量 proj.weight)");
    }

    @Test
    void withJsonTheErrorIsAnObjectToo() {
        console(Map.of(), Language.EN, true, false).fail(Failures.of(CUT_SHORT), CUT_SHORT);
        JsonNode error = JsonMapper.shared().readTree(out()).get("error");
        assertThat(error.get("code").stringValue()).isEqualTo("truncated");
        assertThat(error.get("file").stringValue()).isEqualTo("run/weights.pt");
        assertThat(error.get("offset").longValue()).isEqualTo(96);
        assertThat(error.get("tensor").stringValue()).isEqualTo("proj.weight");
        assertThat(error.get("hint").stringValue()).isNotEmpty();
        assertThat(err()).startsWith("error: ");
    }

    @Test
    void withJsonTheStandardOutputHoldsOneObjectAndNothingElse() {
        Console console = console(Map.of(), Language.EN, true, false);
        console.line("a row for people");
        console.warn(Problem.of(ProblemCode.NAN_INF, PLACE, "formats.source.shrunk", 1));
        ObjectNode result = JsonFile.newObject();
        result.put("name", "模型");
        console.result(result);
        assertThat(console.finish(ExitCode.PROBLEMS_FOUND)).isEqualTo(ExitCode.PROBLEMS_FOUND);
        JsonNode output = JsonMapper.shared().readTree(out());
        assertThat(output.propertyNames()).containsExactly("exitCode", "result", "findings", "warnings", "notes");
        assertThat(output.get("exitCode").intValue()).isEqualTo(1);
        assertThat(output.get("result").get("name").stringValue()).isEqualTo("模型");
        assertThat(output.get("warnings").get(0).get("code").stringValue()).isEqualTo("nan-inf");
    }

    @Test
    void controlCharactersInNamesDoNotReachTheTerminal() {
        Place forged = Place.of(Path.of("a\u001b[2Jb")).tensor("t\rok");
        Console console = console(Map.of(), Language.EN, false, true);
        console.warn(Problem.of(ProblemCode.NAN_INF, forged, "formats.source.shrunk", "\u001b]0;x\u0007"));
        console.line("name\u001b[31m\n");
        assertThat(err().replaceAll("\u001b\\[(1;33|0)m", "")).doesNotContain("\u001b", "\r", "\u0007");
        assertThat(out().stripTrailing()).doesNotContain("\u001b", "\n");
    }

    @Test
    void coloursAreForTerminalsThatWantThem() {
        console(Map.of(), Language.EN, false, true).fail(Failures.of(CUT_SHORT), CUT_SHORT);
        assertThat(err()).startsWith("\u001b[1;31merror: \u001b[0m");
        err.reset();
        console(Map.of("NO_COLOR", "1"), Language.EN, false, true).fail(Failures.of(CUT_SHORT), CUT_SHORT);
        console(Map.of("TERM", "dumb"), Language.EN, false, true).fail(Failures.of(CUT_SHORT), CUT_SHORT);
        console(Map.of(), Language.EN, false, false).fail(Failures.of(CUT_SHORT), CUT_SHORT);
        assertThat(err()).doesNotContain("\u001b");
    }

    @Test
    void progressIsSilentWhenNobodyWatchesOrItIsShort() {
        try (Progress unwatched =
                console(Map.of(), Language.EN, false, false).progress("cli.label.hint", 10, Progress.Unit.BYTES)) {
            unwatched.advance(10);
        }
        try (Progress brief =
                console(Map.of(), Language.EN, false, true).progress("cli.label.hint", 10, Progress.Unit.ITEMS)) {
            brief.advance(10);
        }
        assertThat(err()).isEmpty();
    }

    private Console console(Map<String, String> environment, Language language, boolean json, boolean watched) {
        Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                watched,
                watched);
        return new Console(terminal, environment, language, json, false);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
