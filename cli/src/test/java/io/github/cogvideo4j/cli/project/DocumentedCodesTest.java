package io.github.cogvideo4j.cli.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whoever searches the documents for a code that the program printed finds what it means.
class DocumentedCodesTest {
    private static final Pattern CODE = Pattern.compile("`([a-z0-9-]+)`");

    @ParameterizedTest
    @EnumSource
    void everyProblemCodeHasARow(ProblemCode code) throws IOException {
        assertThat(firstCells("docs/diagnoses.md")).contains(code.id());
    }

    @Test
    void everyCodeInTheTableIsOne() throws IOException {
        assertThat(firstCells("docs/diagnoses.md"))
                .allMatch(code -> ProblemCode.byId(code).isPresent());
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "README_zh.md", "docs/json.md"})
    void everyExitCodeHasARow(String document) throws IOException {
        for (ExitCode exit : ExitCode.values()) {
            assertThat(Files.readString(Resources.project(document))).contains("\n| " + exit.value() + " | ");
        }
    }

    private static Set<String> firstCells(String document) throws IOException {
        Set<String> codes = new TreeSet<>();
        try (Stream<String> lines = Files.lines(Resources.project(document))) {
            lines.filter(line -> line.startsWith("| `"))
                    .map(line -> line.substring(0, line.indexOf('|', 1)))
                    .flatMap(cell -> CODE.matcher(cell).results().map((MatchResult found) -> found.group(1)))
                    .forEach(codes::add);
        }
        return codes;
    }
}
