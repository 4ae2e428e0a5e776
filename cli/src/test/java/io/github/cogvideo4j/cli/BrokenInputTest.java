package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every damaged and hostile fixture through `convert`, as its `case.json` asks: outcome, code, words.
class BrokenInputTest {
    private static final List<String> REFUSED = List.of("error", "error-no-crash");

    @TempDir
    Path folder;

    static Stream<String> cases() {
        return Resources.cases("broken").stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theConverterAnswersAsTheCaseAsks(String name) throws IOException {
        Path fixture = Resources.fixture("broken/" + name);
        JsonNode json = JsonFile.readObject(fixture.resolve("case.json"), 1 << 20, ProblemCode.CONFIG_INVALID);
        String outcome = json.get("expect").get("outcome").stringValue();
        String code = json.get("expect").get("code").stringValue();
        Path input = folder.resolve("case");
        Resources.copy(fixture, input);
        // Git does not keep empty folders.
        if (name.equals("empty-dir")) {
            Files.createDirectories(input.resolve("input"));
        }
        Map<String, String> before = Resources.snapshot(input);
        Path output = folder.resolve("output");

        Run run = Run.of(words(json, input, output).toArray(String[]::new));

        assertThat(run.err()).doesNotContain("Exception", "\tat ");
        assertThat(Resources.snapshot(input))
                .as("nothing of the user's is changed")
                .isEqualTo(before);
        boolean refused = run.exit() == ExitCode.BAD_INPUT;
        if (REFUSED.contains(outcome)) {
            assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
        } else if (outcome.startsWith("convert")) {
            assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        } else {
            assertThat(run.exit()).as(run.err()).isIn(ExitCode.BAD_INPUT, ExitCode.DONE);
        }
        if (!outcome.equals("convert")) {
            assertThat(run.err()).contains("[" + code + "]");
            for (JsonNode word : json.get("expect").get("message_should_mention")) {
                assertThat(run.err()).containsIgnoringCase(word.stringValue());
            }
        }
        if (refused) {
            assertThat(output).as("no output of a refused input").doesNotExist();
            assertThat(run.err().lines().filter(line -> line.startsWith("error:")))
                    .hasSize(1);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.map(Path::getFileName).map(Path::toString)).isSubsetOf("case", "output");
        }
    }

    /// The same fault is in the same place whichever command meets it.
    @ParameterizedTest
    @MethodSource("cases")
    void theInspectorAndTheConverterNameTheSamePlace(String name) throws IOException {
        Path fixture = Resources.fixture("broken/" + name);
        JsonNode json = JsonFile.readObject(fixture.resolve("case.json"), 1 << 20, ProblemCode.CONFIG_INVALID);
        if (!json.get("command").get(0).stringValue().equals("convert") || name.equals("empty-dir")) {
            return;
        }
        List<String> words = words(json, fixture, folder.resolve("output"));
        words.add("--json");
        JsonNode refused = output(words).get("error");
        if (refused == null) {
            return;
        }
        JsonNode inspected = output(List.of("inspect", words.get(1), "--json"));
        List<JsonNode> told = new ArrayList<>();
        inspected.get("findings").forEach(told::add);
        Stream.ofNullable(inspected.get("error")).forEach(told::add);
        List<JsonNode> same =
                told.stream().filter(problem -> sameFault(problem, refused)).toList();
        if (!same.isEmpty()) {
            assertThat(same)
                    .as("%s in %s", refused, told)
                    .anyMatch(problem -> Objects.equals(problem.get("offset"), refused.get("offset"))
                            && Objects.equals(problem.get("tensor"), refused.get("tensor")));
        }
    }

    /// Places as they were typed: a relative path stays one.
    @ParameterizedTest
    @MethodSource("cases")
    void pathsAreShownAsTheyWereTyped(String name) throws IOException {
        Path fixture = Resources.fixture("broken/" + name);
        JsonNode json = JsonFile.readObject(fixture.resolve("case.json"), 1 << 20, ProblemCode.CONFIG_INVALID);
        if (name.equals("empty-dir")) {
            return;
        }
        Path here = Path.of("").toAbsolutePath();
        List<String> words =
                words(json, here.relativize(fixture.toAbsolutePath()), here.relativize(folder.resolve("o")));
        for (List<String> command : List.of(
                words,
                List.of("inspect", words.get(1)),
                List.of("doctor", words.get(1)),
                List.of("verify", words.get(1)))) {
            Run run = Run.of(command.toArray(String[]::new));
            assertThat(run.out() + run.err())
                    .as(String.join(" ", command))
                    .doesNotContain(fixture.toAbsolutePath().toString())
                    .doesNotContainPattern("(?<![.\\w/])" + Pattern.quote(folder.toString()));
        }
    }

    private static boolean sameFault(JsonNode one, JsonNode other) {
        return Objects.equals(one.get("code"), other.get("code"))
                && Objects.equals(one.get("message"), other.get("message"))
                && Objects.equals(one.get("file"), other.get("file"));
    }

    private static JsonNode output(List<String> words) {
        return JsonMapper.shared().readTree(Run.of(words.toArray(String[]::new)).out());
    }

    private static List<String> words(JsonNode json, Path input, Path output) {
        List<String> words = new ArrayList<>();
        for (JsonNode word : json.get("command")) {
            String text = word.stringValue();
            if (text.equals("OUTPUT")) {
                words.add(output.toString());
            } else if (words.isEmpty() || text.startsWith("--") || text.equals("fp16")) {
                words.add(text);
            } else {
                words.add(input.resolve(text).toString());
            }
        }
        // The tensors of these cases are called t0 or w; what is examined is something else.
        if (words.getFirst().equals("convert")) {
            words.add("--unchecked-names");
        }
        return words;
    }
}
