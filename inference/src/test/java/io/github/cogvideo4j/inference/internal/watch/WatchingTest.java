package io.github.cogvideo4j.inference.internal.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.CheckpointWeights;
import io.github.cogvideo4j.checkpoints.internal.watch.WeightDigest;
import io.github.cogvideo4j.checkpoints.job.Activity;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.internal.watch.SimulatedTrainer.Layout;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchRequest;
import io.github.cogvideo4j.inference.watch.WatchRequest.Event;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a watch sees of a trainer that goes on, without a clock and without making videos.
class WatchingTest {
    private static final TrainerActivity QUIET = new TrainerActivity() {
        @Override
        public Optional<Writer> writer(Path run) {
            return Optional.empty();
        }

        @Override
        public void waitForChanges() {}
    };

    @TempDir
    private Path temporary;

    /// The end of a process at any moment.
    private static final class Killed extends Error {}

    /// Nothing more can happen.
    private static final class Over extends Error {}

    /// A world in which time passes only when somebody waits or works, and the trainer goes on meanwhile.
    private static final class World implements WatchTime {
        private final SimulatedTrainer trainer;
        private final Generator generator;
        private final boolean deadly;
        private final Map<String, Integer> done = new HashMap<>();
        private long now;
        private int quiet;
        private int stalled;

        World(SimulatedTrainer trainer, Generator generator, boolean deadly) {
            this.trainer = trainer;
            this.generator = generator;
            this.deadly = deadly;
        }

        @Override
        public long nanos() {
            return now;
        }

        @Override
        public void pause(Duration time, JobControl control) {
            pass(time);
        }

        void pass(Duration time) {
            now += time.toNanos();
            // A file server that hangs, in the middle of a checkpoint too.
            if (stalled == 0 && generator.integer(0, 30) == 0) {
                stalled = 15;
            }
            if (stalled > 0) {
                stalled--;
            } else if (!trainer.work(generator.integer(0, 6)) && ++quiet > 30) {
                throw new Over();
            }
            if (deadly && generator.integer(0, 12) == 0) {
                throw new Killed();
            }
        }

        void told(Event event) {
            if (event instanceof Event.Changed(WatchedCheckpoint checkpoint, Optional<WatchedCheckpoint> before)
                    && checkpoint.state() == State.DONE
                    && before.map(WatchedCheckpoint::state).orElseThrow() != State.DONE) {
                done.merge(checkpoint.name(), 1, Integer::sum);
            }
            if (deadly && generator.integer(0, 20) == 0) {
                throw new Killed();
            }
        }
    }

    private enum Looking implements Activity {
        AT_IT;

        @Override
        public String id() {
            return "at-it";
        }

        @Override
        public Unit unit() {
            return Unit.PIECES;
        }
    }

    /// Reads every file that the weights need, while the trainer goes on.
    ///
    /// @param checked whether each file has to be the fixture's
    private record Reading(World world, boolean checked) implements CheckpointWork {
        @Override
        public WatchedCheckpoint examine(
                WatchedCheckpoint entry, Path path, Optional<Before> before, Keeper keeper, JobControl control)
                throws IOException {
            CheckpointWeights weights = RunWatch.open(path);
            if (!(weights instanceof CheckpointWeights.Whole whole)) {
                throw new AssertionError(path);
            }
            WatchedCheckpoint now = entry;
            if (now.values().isEmpty()) {
                for (Path file : whole.checkpoint().files().keySet()) {
                    assertThat(!checked || world.trainer.isWhole(path, file))
                            .as("%s is whole", file)
                            .isTrue();
                    world.pass(Duration.ofSeconds(3));
                    control.begin(Looking.AT_IT, 0);
                }
                Names none = Names.of(List.of());
                now = now.weighed(
                        Training.UNKNOWN,
                        new Drift("base", 0, List.of(), Collections.emptySortedMap()),
                        Optional.empty(),
                        new Values(Optional.of(digest(path, control)), 1, none, none, none));
                keeper.keep(now);
            }
            world.pass(Duration.ofSeconds(3));
            return now.in(State.DONE, now.deleted(), Optional.empty(), now.mark());
        }

        @Override
        public String digest(Path path, JobControl control) throws IOException {
            world.pass(Duration.ofSeconds(3));
            return WeightDigest.of(RunWatch.open(path), 1, control);
        }
    }

    private static WatchReport watch(Path run, Path output, World world, boolean checked, boolean once)
            throws IOException {
        WatchRequest request = WatchRequest.of(run, GenerationRequest.of(Path.of("base"), "a cat", output), output)
                .withInterval(Duration.ofSeconds(10))
                .withOnce(once);
        try (ReportFolder folder = ReportFolder.take(output)) {
            WatchReport known = folder.read()
                    .orElse(new WatchReport(
                            "run", "base", 42, false, List.of("a cat"), Collections.emptySortedMap(), List.of()));
            WatchBook book = new WatchBook(known, run);
            RunWatch looking =
                    new RunWatch(run, QUIET, world::nanos, InstantSource.fixed(Instant.EPOCH), request.interval());
            try (Watching watching = new Watching(request, looking, folder, book, new Reading(world, checked), world)) {
                return watching.run(JobControl.of(event -> {
                            if (event instanceof Event own) {
                                world.told(own);
                            }
                        }))
                        .report();
            } catch (Over _) {
                return book.report();
            }
        }
    }

    /// Whatever the trainer writes in which order, deletes when, and whenever the watch is killed: each checkpoint
    /// that was there for long enough is examined once, and none before it is whole.
    @Property(tries = 24)
    void noneIsMissedHalfReadOrExaminedTwice(Generator generator) throws IOException {
        Path at = Files.createTempDirectory("watch");
        try {
            Path run = Files.createDirectories(at.resolve("run"));
            Layout layout = generator.of(SimulatedTrainer.LAYOUTS);
            int count = generator.integer(1, 8);
            int kept = generator.bool() ? count : generator.integer(2, 4);
            SimulatedTrainer trainer = new SimulatedTrainer(run, layout, count, kept, generator);
            World world = new World(trainer, generator, generator.bool());
            WatchReport report = null;
            while (report == null) {
                try {
                    report = watch(run, at.resolve("report"), world, true, false);
                } catch (Killed _) {
                    // It is started again.
                }
            }
            Map<String, WatchedCheckpoint> found = new HashMap<>();
            report.checkpoints().forEach(entry -> found.put(entry.name(), entry));
            for (String name : trainer.written().keySet()) {
                boolean there = Files.isDirectory(run.resolve(name));
                if (there) {
                    assertThat(found).as("%s of %s", name, layout).containsKey(name);
                    assertThat(found.get(name).state()).as(name).isEqualTo(State.DONE);
                    assertThat(found.get(name).deleted()).isFalse();
                } else if (found.containsKey(name)) {
                    assertThat(found.get(name).deleted()).isTrue();
                    assertThat(found.get(name).state()).isIn(State.DONE, State.GONE);
                }
                assertThat(world.done.getOrDefault(name, 0)).as(name).isLessThanOrEqualTo(1);
            }
            assertThat(WatchReport.read(at.resolve("report/report.json"))).isEqualTo(report);
        } finally {
            FolderDeletion.delete(at);
        }
    }

    /// One that does what is there and ends leaves nothing behind when the trainer rests.
    @Property(tries = 8)
    void onceDoesWhatIsThere(Generator generator) throws IOException {
        Path at = Files.createTempDirectory("watch");
        try {
            Path run = Files.createDirectories(at.resolve("run"));
            int count = generator.integer(1, 4);
            SimulatedTrainer trainer =
                    new SimulatedTrainer(run, generator.of(SimulatedTrainer.LAYOUTS), count, count, generator);
            while (trainer.work(100)) {
                // to its end
            }
            World world = new World(trainer, generator, false);
            WatchReport report = watch(run, at.resolve("report"), world, true, true);

            assertThat(report.checkpoints()).hasSize(count).allMatch(entry -> entry.state() == State.DONE);
            assertThat(watch(run, at.resolve("report"), world, true, true)).isEqualTo(report);
            assertThat(world.done.values()).containsOnly(1);
        } finally {
            FolderDeletion.delete(at);
        }
    }

    /// A checkpoint is what its weights are: other times of its files make it no other one, what a deletion has left
    /// so far does not either, and other weights under its name do.
    @Test
    void aCheckpointIsTheSameAsLongAsItsWeightsAre() throws IOException {
        Path run = Files.createDirectories(temporary.resolve("run"));
        Path checkpoint = run.resolve("checkpoint-9");
        Path report = temporary.resolve("report");
        Generator generator = new Generator(1);
        Layout layout = new Layout("videoxfun-full-ema/output/checkpoint-2", List.of());
        SimulatedTrainer trainer = new SimulatedTrainer(run, layout, 0, 9, generator);
        World world = new World(trainer, generator, false);
        Resources.copy(Resources.fixture(layout.fixture()), checkpoint);
        watch(run, report, world, false, true);
        assertThat(world.done).containsExactly(Map.entry("checkpoint-9", 1));

        Path weights = checkpoint.resolve("transformer/diffusion_pytorch_model.safetensors");
        Files.setLastModifiedTime(weights, FileTime.fromMillis(0));
        WatchReport touched = watch(run, report, world, false, true);
        assertThat(touched.checkpoints().getFirst().mark().orElseThrow().modified())
                .isZero();
        FolderDeletion.delete(checkpoint);
        watch(run, report, world, false, true);
        Resources.copy(Resources.fixture(layout.fixture()), checkpoint);
        watch(run, report, world, false, true);
        assertThat(world.done).as("touched, and copied back").containsExactly(Map.entry("checkpoint-9", 1));

        // The averaged weights are a checkpoint of their own.
        FolderDeletion.delete(checkpoint.resolve("transformer"));
        watch(run, report, world, false, true);
        assertThat(world.done).as("half deleted").containsExactly(Map.entry("checkpoint-9", 1));

        Resources.copy(checkpoint.resolve("transformer_ema"), checkpoint.resolve("transformer"));
        watch(run, report, world, false, true);
        assertThat(world.done).as("other weights").containsExactly(Map.entry("checkpoint-9", 2));
    }

    @Test
    void aReportHasOneWatch() throws IOException {
        try (ReportFolder _ = ReportFolder.take(temporary)) {
            assertThatThrownBy(() -> ReportFolder.take(temporary)).isInstanceOf(OutputException.class);
        }
        ReportFolder.take(temporary).close();
    }

    @Test
    void whatAKilledWatchLeftIsClearedAway() throws IOException {
        Files.createDirectories(temporary.resolve(".unfinished"));
        Files.writeString(temporary.resolve(".unfinished/video.mp4"), "half");
        Files.writeString(temporary.resolve(".report.json.cogvideo4j-0123"), "{");

        ReportFolder.take(temporary).close();

        assertThat(temporary.toFile().list()).containsExactly(".lock");
    }

    @Test
    void aFolderOfSomethingElseIsNoReport() throws IOException {
        Files.writeString(temporary.resolve("thesis.txt"), "mine");

        assertThatThrownBy(() -> ReportFolder.take(temporary)).isInstanceOf(OutputException.class);
    }
}
