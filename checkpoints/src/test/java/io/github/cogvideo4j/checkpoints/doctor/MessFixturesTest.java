package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor.DoctorOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Repair;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner.RepairOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Undo;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Folders as users have them: named, mended, restored.
class MessFixturesTest {
    private static final Set<String> NEED_CONVERSION = Set.of(
            "mess/a3-bin-sharded-no-prefix",
            "mess/b2-renamed-bin-index-stale",
            "mess/i6-raw-checkpoint-in-transformer");

    @TempDir
    Path temporary;

    static Stream<FixtureCase> cases() {
        return Resources.cases("mess").stream().map(name -> FixtureCase.of("mess/" + name));
    }

    static Stream<FixtureCase> mendable() {
        return cases().filter(fixture -> fixture.outcome().startsWith("fix"));
    }

    static Stream<FixtureCase> notMendable() {
        return cases().filter(fixture -> !fixture.outcome().startsWith("fix"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theDoctorNamesEveryCode(FixtureCase fixture) throws IOException {
        SortedMap<String, String> before = Resources.snapshot(fixture.folder());
        Diagnosis diagnosis = examine(fixture.input());
        assertThat(Resources.snapshot(fixture.folder())).isEqualTo(before);
        if (fixture.outcome().equals("nothing-to-do")) {
            assertThat(diagnosis.isHealthy()).as("%s", diagnosis.findings()).isTrue();
            return;
        }
        assertThat(diagnosis.findings())
                .extracting(finding -> finding.code().id())
                .containsAll(fixture.codes());
        assertThat(diagnosis.isHealthy()).isEqualTo(fixture.outcome().equals("convert-and-mention"));
    }

    /// Loaders miss a file that the folder's index names and the folder does not have.
    @ParameterizedTest
    @MethodSource("cases")
    void aSymptomSpeaksOfTheFoldersOwnFiles(FixtureCase fixture) throws IOException {
        for (Finding finding : examine(fixture.input()).findings()) {
            Matcher shard = Pattern.compile("[\\w.]+-\\d{5}-of-\\d{5}\\.\\w+")
                    .matcher(finding.symptom()
                            .map(symptom -> symptom.text(Locale.ENGLISH))
                            .orElse(""));
            while (shard.find()) {
                assertThat(finding.problem().place().file()).isPresent();
                Path place = finding.problem().place().file().orElseThrow();
                Path folder = Files.isDirectory(place) ? place : place.getParent();
                assertThat(folder.resolve(shard.group())).doesNotExist();
                try (Stream<Path> files = Files.list(folder)) {
                    assertThat(files.filter(file -> file.toString().endsWith(".index.json")))
                            .anySatisfy(index -> assertThat(index).content().contains(shard.group()));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("mendable")
    void aRepairLeavesTheReferencesTensorsAndUndoingItEveryByte(FixtureCase fixture) throws IOException {
        Path folder = Resources.copy(fixture.input(), temporary.resolve("pipeline"));
        SortedMap<String, String> before = Resources.snapshot(folder);
        boolean convert = NEED_CONVERSION.contains(fixture.name());

        RepairPlan plan = RepairPlanner.plan(folder, new RepairOptions(convert, Optional.empty()));
        assertThat(plan.questions()).isEmpty();
        Repair.apply(plan, JobControl.none());

        Diagnosis after = examine(folder);
        assertThat(after.isHealthy()).as("%s", after.findings()).isTrue();
        assertThat(FolderTensors.of(folder.resolve("transformer")))
                .isEqualTo(FolderTensors.ofReference(fixture.folder().resolve("reference/tensors.json")));
        assertThat(Undo.restore(folder, JobControl.none())).isEqualTo(1);
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
        assertThat(folder.resolve(".cogvideo4j-undo")).doesNotExist();
    }

    @ParameterizedTest
    @MethodSource("notMendable")
    void whatCannotBeMendedByNamesIsLeftAlone(FixtureCase fixture) throws IOException {
        Path folder = Resources.copy(fixture.input(), temporary.resolve("pipeline"));
        SortedMap<String, String> before = Resources.snapshot(folder);
        RepairPlan plan = RepairPlanner.plan(folder, RepairOptions.withConversion());
        Repair.apply(plan, JobControl.none());
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a3-bin-sharded-no-prefix", "i6-raw-checkpoint-in-transformer"})
    void contentsAreNotRewrittenUnlessAllowed(String name) throws IOException {
        Path folder = Resources.copy(FixtureCase.of("mess/" + name).input(), temporary.resolve("pipeline"));
        RepairPlan plan = RepairPlanner.plan(folder, RepairOptions.namesOnly());
        assertThat(plan.questions())
                .singleElement()
                .satisfies(question -> assertThat(question.remedies())
                        .contains(new Remedy.RepairFolder(folder, true, Optional.empty())));
        Repair.apply(plan, JobControl.none());
        assertThat(folder.resolve("transformer/diffusion_pytorch_model.safetensors"))
                .doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"f1-bin-and-safetensors-differ", "f2-old-single-and-new-shards"})
    void betweenTwoSetsTheUserIsAskedAndTheAnswerIsFollowed(String name) throws IOException {
        Path folder = Resources.copy(FixtureCase.of("mess/" + name).input(), temporary.resolve("pipeline"));
        SortedMap<String, String> before = Resources.snapshot(folder);
        RepairPlan asked = RepairPlanner.plan(folder, RepairOptions.namesOnly());
        assertThat(asked.isEmpty()).isTrue();
        assertThat(asked.questions())
                .singleElement()
                .satisfies(question -> assertThat(question.remedies())
                        .singleElement()
                        .isInstanceOfSatisfying(
                                Remedy.RepairFolder.class,
                                repair -> assertThat(repair.keep()).isPresent()));

        String keep = name.startsWith("f1")
                ? "diffusion_pytorch_model.safetensors"
                : "diffusion_pytorch_model-00001-of-00003.safetensors";
        Repair.apply(RepairPlanner.plan(folder, new RepairOptions(false, Optional.of(keep))), JobControl.none());
        assertThat(examine(folder).isHealthy()).isTrue();
        assertThat(FolderTensors.of(folder.resolve("transformer")))
                .isEqualTo(FolderTensors.ofReference(Resources.fixture("mess/" + name + "/reference/tensors.json")));
        Undo.restore(folder, JobControl.none());
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    @Test
    void aTransformersFolderAloneIsMendedToo() throws IOException {
        Path folder = Resources.copy(
                Resources.fixture("mess/a3-bin-sharded-no-prefix/input/pipeline/transformer"),
                temporary.resolve("transformer"));
        SortedMap<String, String> before = Resources.snapshot(folder);
        Repair.apply(RepairPlanner.plan(folder, RepairOptions.withConversion()), JobControl.none());
        assertThat(examine(folder).isHealthy()).isTrue();
        Undo.restore(folder, JobControl.none());
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    @Test
    void aLinkIsNotRenamed() throws IOException {
        Path source = Resources.fixture("mess/a4-safe-single-no-prefix/input/pipeline");
        Path folder = Resources.copy(source, temporary.resolve("pipeline"));
        Path weights = folder.resolve("transformer/model.safetensors");
        Path blob = Files.move(weights, temporary.resolve("blob"));
        Files.createSymbolicLink(weights, blob);
        RepairPlan plan = RepairPlanner.plan(folder, RepairOptions.namesOnly());
        assertThat(plan.isEmpty()).isTrue();
        assertThat(plan.questions())
                .extracting(question -> question.code())
                .containsExactly(ProblemCode.REPAIR_REFUSED);
    }

    private static Diagnosis examine(Path path) throws IOException {
        return Doctor.examine(path, new DoctorOptions(true, 2), JobControl.none());
    }
}
