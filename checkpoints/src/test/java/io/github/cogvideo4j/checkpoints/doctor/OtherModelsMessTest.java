package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor.DoctorOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Repair;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan;
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
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Pipelines of other models than CogVideoX as users have them: named, mended, restored. The cases say what must
/// come of them.
class OtherModelsMessTest {
    /// What the text must tell: the words of the cases' `names`, which is a sentence for the reader.
    private static final Map<String, List<String>> WORDS = Map.of(
            "c1-wan22-second-absent",
            List.of("transformer_2", "base model", "[null, null]", "boundary_ratio"),
            "c2-wan22-first-put-into-second",
            List.of(
                    "pytorch_model.bin",
                    "diffusion_pytorch_model.safetensors",
                    "transformer has a configuration but no weights"),
            "c3-wan22-experts-equal",
            List.of("transformer and transformer_2"),
            "e1-qwenimage-holds-flux",
            List.of("FluxTransformer2DModel"));

    @TempDir
    Path temporary;

    static Stream<FixtureCase> cases() {
        return Resources.cases("any-mess").stream().map(name -> FixtureCase.of("any-mess/" + name));
    }

    static Stream<FixtureCase> mendable() {
        return cases().filter(fixture -> fixture.outcome().equals("fix"));
    }

    static Stream<FixtureCase> notMendable() {
        return cases().filter(fixture -> !fixture.outcome().equals("fix"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theDoctorNamesWhatIsWrongAndNothingElse(FixtureCase fixture) throws IOException {
        SortedMap<String, String> before = Resources.snapshot(fixture.folder());
        List<Finding> findings = examine(fixture.input()).findings();
        assertThat(Resources.snapshot(fixture.folder())).isEqualTo(before);
        List<Finding> wrong = findings.stream()
                .filter(finding -> finding.severity() != Severity.INFO)
                .toList();
        List<String> codes =
                findings.stream().map(finding -> finding.code().id()).toList();
        if (fixture.outcome().equals("nothing-to-do")) {
            assertThat(wrong).isEmpty();
            return;
        }
        if (fixture.json().get("expect").path("any_of").asBoolean(false)) {
            assertThat(codes).containsAnyElementsOf(fixture.codes());
        } else {
            assertThat(codes).containsAll(fixture.codes());
        }
        assertThat(wrong.stream().anyMatch(finding -> finding.severity() == Severity.ERROR))
                .isEqualTo(!fixture.outcome().equals("warning"));
        assertThat(wrong).isNotEmpty();
        for (String word : WORDS.getOrDefault(name(fixture), List.of())) {
            assertThat(FixtureCase.text(findings)).contains(word);
        }
        if (!fixture.outcome().equals("error-or-ask")) {
            assertThat(wrong)
                    .extracting(finding -> finding.code().id())
                    .as("%s", wrong)
                    .allSatisfy(code -> assertThat(fixture.codes()).contains(code));
        }
    }

    @ParameterizedTest
    @MethodSource("mendable")
    void aRepairLeavesTheReferencesTensorsAndUndoingItEveryByte(FixtureCase fixture) throws IOException {
        Path folder = Resources.copy(fixture.input(), temporary.resolve("pipeline"));
        SortedMap<String, String> before = Resources.snapshot(folder);
        RepairPlan plan = RepairPlanner.plan(folder, RepairOptions.namesOnly());
        assertThat(plan.questions()).isEmpty();
        Repair.apply(plan, JobControl.none());

        Diagnosis after = examine(folder);
        assertThat(after.isHealthy()).as("%s", after.findings()).isTrue();
        assertThat(FolderTensors.of(folder.resolve("transformer")))
                .isEqualTo(FolderTensors.ofReference(fixture.folder().resolve("reference/tensors.json")));
        if (fixture.json().get("expect").get("final").stringValue().startsWith("text_encoder/model.safetensors")) {
            assertThat(folder.resolve("text_encoder/model.safetensors")).exists();
            assertThat(examine(fixture.input()).findings())
                    .filteredOn(finding -> finding.code() == ProblemCode.NAME_WRONG)
                    .singleElement()
                    .satisfies(finding -> assertThat(
                                    finding.symptom().orElseThrow().text())
                            .contains("no file named model.safetensors"));
        }
        assertThat(Undo.restore(folder, JobControl.none())).isEqualTo(1);
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    @ParameterizedTest
    @MethodSource("notMendable")
    void whatCannotBeMendedByNamesIsLeftAlone(FixtureCase fixture) throws IOException {
        Path folder = Resources.copy(fixture.input(), temporary.resolve("pipeline"));
        SortedMap<String, String> before = Resources.snapshot(folder);
        Repair.apply(RepairPlanner.plan(folder, RepairOptions.withConversion()), JobControl.none());
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    static List<String> trainings() throws IOException {
        try (Stream<Path> all = Files.list(Resources.fixture("INDEX.json").resolveSibling("."))) {
            return all.filter(folder -> Files.isRegularFile(folder.resolve("base/model_index.json")))
                    .map(folder -> String.valueOf(folder.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("trainings")
    void aHealthyPipelineOfAnyFamilyHasNoFindingAboveInfo(String training) throws IOException {
        assertThat(examine(Resources.fixture(training + "/base")).findings())
                .allSatisfy(finding -> assertThat(finding.severity()).isEqualTo(Severity.INFO));
    }

    private static Diagnosis examine(Path path) throws IOException {
        return Doctor.examine(path, new DoctorOptions(true, 2), JobControl.none());
    }

    private static String name(FixtureCase fixture) {
        return fixture.name().substring(fixture.name().indexOf('/') + 1);
    }
}
