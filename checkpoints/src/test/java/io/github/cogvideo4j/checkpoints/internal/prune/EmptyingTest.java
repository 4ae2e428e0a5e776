package io.github.cogvideo4j.checkpoints.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What becomes of the trash, and where the places of a pruning may be.
class EmptyingTest {
    @TempDir
    private Path folder;

    @Test
    void whatCannotBeProvenAgainIsNotDeleted() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        PruneRuns.plan(request).run(JobControl.none());
        Path weights = folder.resolve("run-weights/checkpoint-9/transformer/diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThatThrownBy(() -> PruneRuns.plan(request.emptying()).run(JobControl.none()))
                .isInstanceOf(InvalidCheckpointException.class);
        assertThat(folder.resolve("run-trash/checkpoint-9/latest")).exists();
        FolderDeletion.delete(folder.resolve("run-weights/checkpoint-9"));
        assertThat(PruneRuns.plan(request.emptying()).items())
                .extracting(Item::fate)
                .containsExactly(Fate.STAYS);
    }

    /// A kill in the middle of a deletion leaves a part under another name.
    @Test
    void aDeletionThatWasBegunIsFinished() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        PruneRuns.plan(request).run(JobControl.none());
        Path trash = folder.resolve("run-trash");
        Files.writeString(
                trash.resolve(PruneJournal.FILE_NAME),
                "{\"action\":\"deleting\",\"checkpoint\":\"checkpoint-9\"}\n{\"action\":\"del",
                java.nio.file.StandardOpenOption.APPEND);
        Files.move(trash.resolve("checkpoint-9"), trash.resolve(".deleting-checkpoint-9"));
        Files.delete(trash.resolve(".deleting-checkpoint-9/latest"));
        assertThat(PruneRuns.plan(request.emptying()).run(JobControl.none()).pruned())
                .hasSize(1);
        assertThat(PruneRuns.list(trash)).containsExactly(PruneJournal.FILE_NAME);
        assertThat(PruneJournal.read(trash)).hasSizeGreaterThan(2);
    }

    @Test
    @Attack(
            name = "prune-journal-traversal",
            tries = "a journal in the trash that names `../../home` as a checkpoint to be deleted",
            fails =
                    "only plain names are read from it, and what they name must be a folder in the trash whose weights are "
                            + "compared first")
    void aJournalLeadsNowhere() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        Path trash = folder.resolve("run-trash");
        Files.createDirectories(trash);
        Files.createDirectories(folder.resolve("precious"));
        Files.writeString(folder.resolve("precious/file"), "here");
        Files.createSymbolicLink(trash.resolve("link"), folder.resolve("precious"));
        Files.createDirectories(trash.resolve("mine"));
        Path journal = trash.resolve(PruneJournal.FILE_NAME);
        Files.writeString(journal, """
                {"action":"moving","checkpoint":"link"}
                {"action":"moving","checkpoint":"mine"}
                {"action":"deleting","checkpoint":"mine"}
                """);
        PruneRequest.Plan plan = PruneRuns.plan(PruneRequest.of(run).emptying());
        assertThat(plan.items()).extracting(Item::fate).containsOnly(Fate.STAYS);
        plan.run(JobControl.none());
        for (String line : List.of(
                "{\"action\":\"moving\",\"checkpoint\":\"../precious\"}",
                "{\"action\":\"moving\",\"checkpoint\":\"/etc\"}",
                "{\"action\":\"exec\",\"checkpoint\":\"mine\"}",
                "[]",
                "x".repeat(100))) {
            Files.writeString(journal, line + "\n");
            assertThatThrownBy(() -> PruneRuns.plan(PruneRequest.of(run).emptying()))
                    .isInstanceOf(FormatException.class);
        }
        assertThat(folder.resolve("precious/file")).exists();
        assertThat(trash.resolve("mine")).exists();
    }

    @Test
    @Attack(
            name = "prune-trash-takeover",
            tries = "a trash that is a link to someone else's folder, or weights that would lie inside the run",
            fails =
                    "the trash has to be a folder of its own beside the run, on its file system; places are compared with "
                            + "links resolved")
    void placesThatAreTakenAreRefused() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        Files.createDirectories(folder.resolve("else"));
        Files.createSymbolicLink(folder.resolve("run-trash"), folder.resolve("else"));
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        assertThatThrownBy(() -> PruneRuns.plan(request)).isInstanceOf(OutputException.class);
        Files.delete(folder.resolve("run-trash"));
        PruneRequest inside = new PruneRequest(
                run, request.keep(), Optional.empty(), Optional.of(run.resolve("weights")), request.dtype(), 1, false);
        assertThatThrownBy(() -> PruneRuns.plan(inside)).isInstanceOf(OutputException.class);
        assertThatThrownBy(() -> PruneRuns.plan(PruneRequest.of(run.resolve("checkpoint-9"))))
                .isInstanceOf(InvalidCheckpointException.class);
        assertThatThrownBy(() -> PruneRuns.plan(PruneRequest.of(folder.resolve("absent"))))
                .isInstanceOf(java.nio.file.NoSuchFileException.class);
    }
}
