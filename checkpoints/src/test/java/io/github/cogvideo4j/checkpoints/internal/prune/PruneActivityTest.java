package io.github.cogvideo4j.checkpoints.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A pruning beside other programs: a trainer that writes, another pruning.
class PruneActivityTest {
    @TempDir
    private Path folder;

    @Test
    void aTrainerThatWritesIsNotDisturbed() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        TrainerActivity writing = activity(run.resolve("train.log"), () -> {});
        assertThatThrownBy(() -> new PrunePlanner(request, writing, JobControl.none())
                        .plan()
                        .run(JobControl.none()))
                .isInstanceOf(OutputException.class)
                .hasMessageContaining("4711");
        TrainerActivity growing = activity(null, () -> Files.writeString(run.resolve("checkpoint-9/loss.txt"), "0.5"));
        assertThatThrownBy(() -> new PrunePlanner(request, growing, JobControl.none())
                        .plan()
                        .run(JobControl.none()))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.SOURCE_CHANGED));
        assertThat(PruneRuns.list(run)).containsExactly("checkpoint-10", "checkpoint-9");
        assertThat(folder.resolve("run-trash")).doesNotExist();
        assertThat(folder.resolve("run-weights")).doesNotExist();
    }

    /// `/proc` as Linux shows it, of one process that reads and one that writes.
    @Test
    void whoHasAFileOpenForWritingIsRead() throws IOException {
        Path run = PruneRuns.run(folder, 9);
        Path log = Files.createFile(run.resolve("train.log")).toRealPath();
        Path processes = folder.resolve("proc");
        for (int process : List.of(100, 200)) {
            Path files = processes.resolve(process + "/fd");
            Files.createDirectories(files);
            Files.createDirectories(processes.resolve(process + "/fdinfo"));
            Files.createSymbolicLink(files.resolve("3"), log);
            Files.writeString(
                    processes.resolve(process + "/fdinfo/3"),
                    "pos:\t0\nflags:\t" + (process == 100 ? "0100000" : "0102001") + "\nmnt_id:\t29\n");
        }
        Files.createDirectories(processes.resolve("self"));
        TrainerActivity machine = new TrainerActivity.OfThisMachine(processes, Duration.ZERO);
        assertThat(machine.writer(run.toRealPath())).contains(new TrainerActivity.Writer(200, log));
        FolderDeletion.delete(processes.resolve("200"));
        assertThat(machine.writer(run.toRealPath())).isEmpty();
        assertThat(new TrainerActivity.OfThisMachine(folder.resolve("none"), Duration.ZERO).writer(run))
                .isEmpty();
    }

    @Test
    void onlyOneProgramPrunesARun() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        Files.createDirectories(folder.resolve("run-trash"));
        try (PruneJournal _ = PruneJournal.open(folder.resolve("run-trash"))) {
            assertThatThrownBy(() -> PruneRuns.plan(PruneRequest.of(run).withKeep(new KeepRule.Last(1)))
                            .run(JobControl.none()))
                    .isInstanceOf(OutputException.class)
                    .hasMessageContaining("another program");
        }
        assertThat(PruneRuns.list(run)).containsExactly("checkpoint-10", "checkpoint-9");
    }

    /// The lock has to hold for other processes too, on systems that drop it when any channel of the file is closed.
    @Test
    void anotherProcessFindsTheLock() throws IOException, InterruptedException, URISyntaxException {
        Path trash = Files.createDirectories(folder.resolve("run-trash"));
        try (PruneJournal journal = PruneJournal.open(trash)) {
            journal.write(PruneJournal.Action.PROVEN, "checkpoint-9");
            Process other = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            Path.of(OtherProgram.class
                                            .getProtectionDomain()
                                            .getCodeSource()
                                            .getLocation()
                                            .toURI())
                                    .toString(),
                            OtherProgram.class.getName(),
                            trash.resolve(PruneJournal.FILE_NAME).toString())
                    .inheritIO()
                    .start();
            assertThat(other.waitFor()).isEqualTo(OtherProgram.LOCKED);
        }
    }

    /// A process that tries to lock a file.
    static final class OtherProgram {
        static final int LOCKED = 3;

        private OtherProgram() {}

        public static void main(String[] arguments) throws IOException {
            try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
                System.exit(channel.tryLock() == null ? LOCKED : 0);
            }
        }
    }

    /// Something that may fail.
    private interface Deed {
        void run() throws IOException;
    }

    private static TrainerActivity activity(@org.jspecify.annotations.Nullable Path open, Deed meanwhile) {
        return new TrainerActivity() {
            @Override
            public Optional<Writer> writer(Path run) {
                return Optional.ofNullable(open).map(file -> new Writer(4711, file));
            }

            @Override
            public void waitForChanges() throws IOException {
                meanwhile.run();
            }
        };
    }
}
