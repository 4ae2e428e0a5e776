package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.doctor.FixtureCase;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner.RepairOptions;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Undoing, also of what a kill interrupted, and of what was never a repair.
class UndoTest {
    private static final String HASH = "0".repeat(64);

    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a2-safe-sharded-no-prefix",
                "d2-output-dir-inside-transformer",
                "a3-bin-sharded-no-prefix",
                "i6-raw-checkpoint-in-transformer"
            })
    void aRepairKilledAfterAnyOfItsRenamesIsTakenBack(String name) throws IOException {
        Path source = FixtureCase.of("mess/" + name).input();
        SortedMap<String, String> before = Resources.snapshot(source);
        for (int undone = 0; ; undone++) {
            Path folder = Resources.copy(source, temporary.resolve("kill-" + undone));
            List<JournalEntry> entries = mend(folder);
            if (undone > entries.size()) {
                return;
            }
            for (JournalEntry entry : entries.reversed().subList(0, undone)) {
                moveBack(folder, entry);
            }
            assertThat(Undo.restore(folder, JobControl.none())).isEqualTo(1);
            assertThat(Resources.snapshot(folder)).isEqualTo(before);
        }
    }

    @Test
    void anUndoKilledWhileClearingUpIsFinishedByTheNext() throws IOException {
        Path source = FixtureCase.of("mess/c1-index-deleted").input();
        Path folder = Resources.copy(source, temporary.resolve("pipeline"));
        List<JournalEntry> entries = mend(folder);
        for (JournalEntry entry : entries.reversed()) {
            moveBack(folder, entry);
        }
        for (JournalEntry entry : entries) {
            if (entry.ours()) {
                Files.delete(folder.resolve(entry.from()));
            }
        }
        Undo.restore(folder, JobControl.none());
        assertThat(Resources.snapshot(folder)).isEqualTo(Resources.snapshot(source));
    }

    @Test
    void whatAKilledPreparationLeftIsCleared() throws IOException {
        Path source = FixtureCase.of("mess/c1-index-deleted").input();
        Path folder = Resources.copy(source, temporary.resolve("pipeline"));
        UndoFolder undo = UndoFolder.create(folder);
        Files.writeString(undo.staged().resolve("file-0"), "half");
        assertThat(Undo.restore(folder, JobControl.none())).isZero();
        assertThat(Resources.snapshot(folder)).isEqualTo(Resources.snapshot(source));
    }

    @Test
    void twoRepairsAreTakenBackTogether() throws IOException {
        Path source = FixtureCase.of("mess/a3-bin-sharded-no-prefix").input();
        Path folder = Resources.copy(source, temporary.resolve("pipeline"));
        Repair.apply(RepairPlanner.plan(folder, RepairOptions.namesOnly()), JobControl.none());
        Repair.apply(RepairPlanner.plan(folder, RepairOptions.withConversion()), JobControl.none());
        assertThat(Undo.restore(folder, JobControl.none())).isEqualTo(2);
        assertThat(Resources.snapshot(folder)).isEqualTo(Resources.snapshot(source));
    }

    @Test
    void aFileChangedSinceTheRepairStopsTheUndo() throws IOException {
        Path folder =
                Resources.copy(FixtureCase.of("mess/a4-safe-single-no-prefix").input(), temporary.resolve("pipeline"));
        mend(folder);
        Path weights = folder.resolve("transformer/diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        SortedMap<String, String> before = Resources.snapshot(folder);
        assertThatThrownBy(() -> Undo.restore(folder, JobControl.none())).isInstanceOf(OutputException.class);
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    @Test
    void aNewFileUnderTheOldNameIsNotReplaced() throws IOException {
        Path folder =
                Resources.copy(FixtureCase.of("mess/a4-safe-single-no-prefix").input(), temporary.resolve("pipeline"));
        mend(folder);
        Files.writeString(folder.resolve("transformer/model.safetensors"), "downloaded again");
        SortedMap<String, String> before = Resources.snapshot(folder);
        assertThatThrownBy(() -> Undo.restore(folder, JobControl.none())).isInstanceOf(OutputException.class);
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    record Forgery(String attempt, String from, String to, boolean ours) {
        @Override
        public String toString() {
            return attempt;
        }
    }

    static Stream<Forgery> forgeries() {
        return Stream.of(
                new Forgery("takes a file from outside", "secret", "../victim", false),
                new Forgery("puts a file outside", "../victim", "weights", false),
                new Forgery("an absolute path", "/etc/cron.d/job", "weights", false),
                new Forgery("backslashes", "..\\victim", "weights", false),
                new Forgery("a drive", "C:victim", "weights", false),
                new Forgery("a name made of a control character", "a\u0000b", "weights", false),
                new Forgery("the folder itself", ".", "weights", false),
                new Forgery("an empty name", "a//b", "weights", false),
                new Forgery("deletes a file that was not staged", "weights", "other", true),
                new Forgery("takes from another repair", ".cogvideo4j-undo/7/moved/0", "weights", false),
                new Forgery("replaces a journal", "weights", ".cogvideo4j-undo/1/journal.json", false),
                new Forgery("onto itself", "weights", "weights", false));
    }

    @ParameterizedTest
    @MethodSource("forgeries")
    void aForgedPathIsRefused(Forgery forgery) throws IOException {
        Path folder = forgedFolder("""
            {"format": 1, "renames": [{"from": "%s", "to": "%s", "size": 6, "sha256": "%s", "ours": %s}]}
            """.formatted(
                        forgery.from().replace("\\", "\\\\").replace("\u0000", "\\u0000"),
                        forgery.to(),
                        Resources.sha256("victim".getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                        forgery.ours()));
        SortedMap<String, String> before = Resources.snapshot(temporary);
        assertThatThrownBy(() -> Undo.restore(folder, JobControl.none()))
                .isInstanceOfSatisfying(
                        FormatException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSAFE_PATH));
        assertThat(Resources.snapshot(temporary)).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"format\": 2, \"renames\": []}",
                "{\"format\": 1}",
                "{\"format\": 1, \"renames\": [7]}",
                "{\"format\": 1, \"renames\": [{\"from\": \"a\", \"to\": \"b\", \"size\": -1, \"sha256\": \""
                        + "\", \"ours\": false}]}",
                "{\"format\": 1, \"renames\": [{\"from\": \"a\", \"to\": \"b\", \"size\": 1, \"sha256\": \"zz\","
                        + " \"ours\": false}]}",
                "{\"format\": 1, \"renames\": [{\"from\": 1, \"to\": \"b\", \"size\": 1, \"sha256\": \"zz\", \"ours\":"
                        + " false}]}"
            })
    void aJournalThatIsNoneIsRefused(String json) throws IOException {
        Path folder = forgedFolder(json);
        SortedMap<String, String> before = Resources.snapshot(temporary);
        assertThatThrownBy(() -> Undo.restore(folder, JobControl.none())).isInstanceOf(FormatException.class);
        assertThat(Resources.snapshot(temporary)).isEqualTo(before);
    }

    @Test
    void aJournalWithAnotherHashIsRefused() throws IOException {
        Path folder = forgedFolder("""
            {"format": 1, "renames": [{"from": "old", "to": "weights", "size": 7, "sha256": "%s", "ours": false}]}
            """.formatted(HASH));
        SortedMap<String, String> before = Resources.snapshot(temporary);
        assertThatThrownBy(() -> Undo.restore(folder, JobControl.none())).isInstanceOf(OutputException.class);
        assertThat(Resources.snapshot(temporary)).isEqualTo(before);
    }

    @Test
    void nothingIsUndoneThroughALink() throws IOException {
        Path folder = forgedFolder(
                """
                {"format": 1, "renames": [{"from": "old", "to": "link/victim", "size": 6, "sha256": "%s", "ours": false}]}
                """.formatted(Resources.sha256("victim".getBytes(java.nio.charset.StandardCharsets.UTF_8))));
        Files.createSymbolicLink(folder.resolve("link"), temporary);
        assertThatThrownBy(() -> Undo.restore(folder, JobControl.none())).isInstanceOf(FormatException.class);
        assertThat(temporary.resolve("victim")).hasContent("victim");
    }

    @Test
    void anUndoFolderThatIsALinkIsRefused() throws IOException {
        Path elsewhere = forgedFolder("{}");
        Path folder = Files.createDirectory(temporary.resolve("linked"));
        Files.createSymbolicLink(folder.resolve(UndoFolder.NAME), elsewhere.resolve(UndoFolder.NAME));
        assertThatThrownBy(() -> Undo.restore(folder, JobControl.none())).isInstanceOf(FormatException.class);
    }

    private Path forgedFolder(String journal) throws IOException {
        Files.writeString(temporary.resolve("victim"), "victim");
        Path folder = Files.createDirectory(temporary.resolve("model"));
        Files.writeString(folder.resolve("weights"), "weights");
        UndoFolder undo = UndoFolder.create(folder);
        Files.writeString(undo.journal(), journal);
        return folder;
    }

    private static void moveBack(Path folder, JournalEntry entry) throws IOException {
        Path origin = folder.resolve(entry.from());
        Files.createDirectories(origin.getParent());
        Files.move(folder.resolve(entry.to()), origin);
    }

    private static List<JournalEntry> mend(Path folder) throws IOException {
        Repair.apply(RepairPlanner.plan(folder, RepairOptions.withConversion()), JobControl.none());
        UndoFolder undo = UndoFolder.all(folder).getFirst();
        return Journal.read(undo.journal(), undo.prefix()).entries();
    }
}
