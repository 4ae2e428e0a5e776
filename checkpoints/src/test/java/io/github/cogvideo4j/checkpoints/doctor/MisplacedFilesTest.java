package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor.DoctorOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Repair;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner.RepairOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Undo;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that are all there, under names or in folders where nobody looks.
class MisplacedFilesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"browser-names", "browser-names-all"})
    void namesThatABrowserMadeAreOneFindingAndMendedInOneGo(String fixture) throws IOException {
        Path home = Resources.fixture("single-files").resolve(fixture);
        Path pipeline = Resources.copy(home.resolve("input/pipeline"), folder.resolve("pipeline"));
        SortedMap<String, String> before = Resources.snapshot(pipeline);
        assertThat(serious(pipeline)).singleElement().satisfies(finding -> {
            assertThat(finding.problem().code()).isEqualTo(ProblemCode.NAME_WRONG);
            assertThat(finding.problem().message().text(Locale.ENGLISH))
                    .contains("browser", "transformer_config.json", "-00001-of-00003", ".index.json");
        });
        Repair.apply(RepairPlanner.plan(pipeline, RepairOptions.namesOnly()), JobControl.none());
        assertThat(serious(pipeline)).isEmpty();
        assertThat(FolderTensors.of(pipeline.resolve("transformer")))
                .isEqualTo(FolderTensors.ofReference(home.resolve("reference/tensors.json")));
        Undo.restore(pipeline, JobControl.none());
        assertThat(Resources.snapshot(pipeline)).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({"pipeline/weights, pipeline", "., pipeline", "pipeline, pipeline/transformer"})
    void weightsAboveOrBesideTheTransformerAreFoundBeforeItIsSaidThatThereAreNone(String where, String given)
            throws IOException {
        Path home = folder.resolve("home");
        Path pipeline =
                Resources.copy(Resources.fixture("mess/ok2-correct-sharded/input/pipeline"), home.resolve("pipeline"));
        Path place = Files.createDirectories(home.resolve(where).normalize());
        List<Path> weights;
        try (var files = Files.list(pipeline.resolve("transformer"))) {
            weights = files.filter(file -> String.valueOf(file.getFileName()).startsWith("diffusion_"))
                    .toList();
        }
        for (Path file : weights) {
            Files.move(file, place.resolve(file.getFileName()));
        }
        assertThat(serious(home.resolve(given)))
                .extracting(finding -> finding.problem().code())
                .contains(ProblemCode.WRONG_DIRECTORY)
                .doesNotContain(ProblemCode.COMPONENT_WITHOUT_WEIGHTS);
    }

    /// Another component's weights, or another model's adapter, are no transformer's.
    @Test
    void otherWeightsNearbyAreNotTakenForTheTransformers() throws IOException {
        Path pipeline = Resources.copy(
                Resources.fixture("mess/ok2-correct-sharded/input/pipeline"), folder.resolve("home/pipeline"));
        try (var files = Files.list(pipeline.resolve("transformer"))) {
            for (Path file : files.filter(
                            path -> String.valueOf(path.getFileName()).startsWith("diffusion_"))
                    .toList()) {
                Files.delete(file);
            }
        }
        Files.copy(
                Resources.fixture("videoxfun-lora/output/checkpoint-3.safetensors"),
                folder.resolve("home/model.safetensors"));
        assertThat(serious(pipeline))
                .extracting(finding -> finding.problem().code())
                .contains(ProblemCode.COMPONENT_WITHOUT_WEIGHTS)
                .doesNotContain(ProblemCode.WRONG_DIRECTORY);
    }

    private static List<Finding> serious(Path path) throws IOException {
        return Doctor.examine(path, new DoctorOptions(false, 1), JobControl.none()).findings().stream()
                .filter(finding -> finding.severity() != Severity.INFO)
                .toList();
    }
}
