package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.internal.doctor.Rules;
import io.github.cogvideo4j.checkpoints.internal.doctor.finding.Symptom;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The table of diagnoses is complete.
class DiagnosesDocumentTest {
    @Test
    void everyCodeOfEveryRuleHasARowAndEveryRowACode() throws IOException {
        Set<String> codes = Rules.all(true, 1, JobControl.none()).stream()
                .flatMap(rule -> rule.codes().stream())
                .map(ProblemCode::id)
                .collect(Collectors.toSet());
        assertThat(rows())
                .extracting(List::getFirst)
                .doesNotHaveDuplicates()
                .containsExactlyInAnyOrderElementsOf(codes);
    }

    /// A rule that was written and not listed would never look.
    @Test
    void theFolderOfRulesHoldsTheRulesThatLook() throws IOException {
        Path folder = root().resolve("checkpoints/src/main/java/io/github/cogvideo4j/checkpoints/internal/doctor/rule");
        try (Stream<Path> files = Files.list(folder)) {
            List<String> written = files.map(
                            file -> file.getFileName().toString().replace(".java", ""))
                    .filter(name -> !Set.of("Rule", "package-info").contains(name))
                    .toList();
            assertThat(Rules.all(true, 1, JobControl.none()))
                    .extracting(rule -> rule.getClass().getSimpleName())
                    .containsAll(written);
            assertThat(written).allMatch(name -> name.endsWith("Rule"));
        }
    }

    @Test
    void everyRowHasAnExampleACauseAndARemedy() throws IOException {
        assertThat(rows()).allSatisfy(row -> assertThat(row).hasSize(4).noneMatch(String::isBlank));
    }

    @ParameterizedTest
    @EnumSource(ProblemCode.class)
    void everySymptomIsSaidInBothLanguages(ProblemCode code) {
        Symptom.of(code)
                .ifPresent(symptom -> assertThat(
                                Stream.of(Locale.ENGLISH, Locale.CHINESE).map(symptom::text))
                        .noneMatch(text -> text.startsWith("checkpoints.")));
    }

    private static Path root() {
        return Resources.fixture("").resolve("../../../../..").normalize();
    }

    private static List<List<String>> rows() throws IOException {
        return Files.readAllLines(root().resolve("docs/diagnoses.md")).stream()
                // Below it are the codes of commands that diagnose no folder.
                .takeWhile(line -> !line.equals("## Codes of other commands"))
                .filter(line -> line.startsWith("| `"))
                .map(line -> Stream.of(line.substring(1, line.length() - 1).split("\\|"))
                        .map(cell -> cell.strip())
                        .toList())
                .map(cells -> Stream.concat(
                                Stream.of(cells.getFirst().replace("`", "")),
                                cells.stream().skip(1))
                        .toList())
                .toList();
    }
}
