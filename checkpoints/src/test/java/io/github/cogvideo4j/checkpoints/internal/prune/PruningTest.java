package io.github.cogvideo4j.checkpoints.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// What a pruning keeps, proves, moves and deletes.
class PruningTest {
    private static final Path CHECKPOINTS = Resources.fixture("zero2-multi-bf16-w2/output");

    @TempDir
    private Path folder;

    /// A machine on which no trainer runs.
    private static final TrainerActivity QUIET = new TrainerActivity() {
        @Override
        public Optional<Writer> writer(Path run) {
            return Optional.empty();
        }

        @Override
        public void waitForChanges() {}
    };

    /// What the rules keep is there to the byte; what goes is in the trash to the byte, and was proven before.
    @Property(tries = 12)
    void rulesKeepWhatTheySay(Generator generator) throws IOException {
        Path at = Files.createTempDirectory("prune");
        try {
            Path run = at.resolve("run");
            TreeSet<Long> steps = new TreeSet<>();
            int count = generator.integer(1, 4);
            while (steps.size() < count) {
                steps.add((long) generator.integer(1, 12) * 50);
            }
            for (long step : steps) {
                copy(
                        CHECKPOINTS.resolve(generator.bool() ? "checkpoint-9" : "checkpoint-10"),
                        run.resolve("checkpoint-" + step));
            }
            boolean unfinished = generator.bool();
            if (unfinished) {
                Files.createDirectories(run.resolve("checkpoint-9000/pytorch_model"));
            }
            List<KeepRule> rules = new ArrayList<>();
            TreeSet<Long> kept = new TreeSet<>(List.of(steps.last()));
            List<Long> all = new ArrayList<>(steps);
            if (unfinished) {
                all.add(9000L);
            }
            if (generator.bool()) {
                int last = generator.integer(1, 3);
                rules.add(new KeepRule.Last(last));
                kept.addAll(all.subList(Math.max(0, all.size() - last), all.size()));
            }
            if (generator.bool()) {
                long every = generator.of(100L, 150L, 200L);
                rules.add(new KeepRule.Every(every));
                all.stream().filter(step -> step % every == 0).forEach(kept::add);
            }
            if (generator.bool()) {
                SortedMap<Long, Double> scores = new TreeMap<>();
                steps.forEach(step -> scores.put(step, (double) generator.integer(0, 3)));
                rules.add(new KeepRule.Best("flicker", scores));
                steps.stream()
                        .max(Comparator.comparingDouble((Long step) -> scores.getOrDefault(step, 0.0))
                                .thenComparingLong(step -> step))
                        .ifPresent(kept::add);
            }
            if (rules.isEmpty() || generator.bool()) {
                long step = generator.of(all);
                rules.add(new KeepRule.Step(step));
                kept.add(step);
            }
            Map<String, String> before = hashes(run);
            PruneRequest request = PruneRequest.of(run).withKeep(rules.toArray(KeepRule[]::new));
            PruneRequest.Result done = plan(request).run(JobControl.none());

            Map<String, String> left = hashes(run);
            Map<String, String> thrown =
                    Files.exists(at.resolve("run-trash")) ? hashes(at.resolve("run-trash")) : Map.of();
            for (long step : all) {
                String name = "checkpoint-" + step;
                boolean stays = kept.contains(step) || step == 9000;
                assertThat(below(stays ? left : thrown, name)).isEqualTo(below(before, name));
                assertThat(below(stays ? thrown : left, name)).isEmpty();
                if (!stays) {
                    assertThat(VerificationRequest.of(at.resolve("run-weights").resolve(name))
                                    .withAgainst(at.resolve("run-trash").resolve(name))
                                    .plan(JobControl.none())
                                    .run(JobControl.none())
                                    .problems())
                            .isEmpty();
                }
            }
            assertThat(done.pruned()).hasSize((int)
                    steps.stream().filter(step -> !kept.contains(step)).count());

            plan(request.emptying()).run(JobControl.none());
            assertThat(hashes(run)).isEqualTo(left);
            if (!done.pruned().isEmpty()) {
                assertThat(list(at.resolve("run-trash"))).containsExactly(PruneJournal.FILE_NAME);
            }
        } finally {
            FolderDeletion.delete(at);
        }
    }

    @Test
    void aPlanChangesNothingAndTellsTheCosts() throws IOException {
        Path run = run(9, 10);
        Map<String, String> before = hashes(folder);
        List<Item> items = plan(PruneRequest.of(run)).items();
        assertThat(items).extracting(Item::fate).containsOnly(Fate.KEPT);
        assertThat(plan(PruneRequest.of(run).withKeep(new KeepRule.Last(1))).items())
                .extracting(Item::fate)
                .containsExactly(Fate.GOES, Fate.KEPT);
        assertThat(hashes(folder)).isEqualTo(before);
        Item first = items.getFirst();
        long size = 0;
        try (Stream<Path> files = Files.walk(first.path())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                size += Files.size(file);
            }
        }
        assertThat(first.costs().total()).isEqualTo(size);
        // fp32 masters and the bf16 copy of them in one pile, two fp32 moments in the other
        assertThat(first.costs().optimizer()).isBetween(size / 3, size * 2 / 3);
    }

    @Test
    void aTrainerThatWritesIsNotDisturbed() throws IOException {
        Path run = run(9, 10);
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
        assertThat(list(run)).containsExactly("checkpoint-10", "checkpoint-9");
        assertThat(folder.resolve("run-trash")).doesNotExist();
        assertThat(folder.resolve("run-weights")).doesNotExist();
    }

    /// `/proc` as Linux shows it, of one process that reads and one that writes.
    @Test
    void whoHasAFileOpenForWritingIsRead() throws IOException {
        Path run = run(9);
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

    /// A run that was killed between the conversion and the move.
    @Test
    void weightsThatAreThereAreComparedAgain() throws IOException {
        Path run = run(9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        PrunePlanner.conversion(request, run.resolve("checkpoint-9"), folder.resolve("run-weights/checkpoint-9"), false)
                .plan(JobControl.none())
                .run(JobControl.none());
        assertThat(plan(request).run(JobControl.none()).pruned()).hasSize(1);
    }

    @Test
    void weightsOfAnotherCheckpointProveNothing() throws IOException {
        Path run = run(9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        PrunePlanner.conversion(
                        request, run.resolve("checkpoint-10"), folder.resolve("run-weights/checkpoint-9"), false)
                .plan(JobControl.none())
                .run(JobControl.none());
        assertThatThrownBy(() -> plan(request).run(JobControl.none()))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.DIFFERENT));
        assertThat(list(run)).containsExactly("checkpoint-10", "checkpoint-9");
    }

    @Test
    void whatCannotBeProvenAgainIsNotDeleted() throws IOException {
        Path run = run(9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        plan(request).run(JobControl.none());
        Path weights = folder.resolve("run-weights/checkpoint-9/transformer/diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThatThrownBy(() -> plan(request.emptying()).run(JobControl.none()))
                .isInstanceOf(InvalidCheckpointException.class);
        assertThat(folder.resolve("run-trash/checkpoint-9/latest")).exists();
        FolderDeletion.delete(folder.resolve("run-weights/checkpoint-9"));
        assertThat(plan(request.emptying()).items()).extracting(Item::fate).containsExactly(Fate.STAYS);
    }

    /// A kill in the middle of a deletion leaves a part under another name.
    @Test
    void aDeletionThatWasBegunIsFinished() throws IOException {
        Path run = run(9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        plan(request).run(JobControl.none());
        Path trash = folder.resolve("run-trash");
        Files.writeString(
                trash.resolve(PruneJournal.FILE_NAME),
                "{\"action\":\"deleting\",\"checkpoint\":\"checkpoint-9\"}\n{\"action\":\"del",
                java.nio.file.StandardOpenOption.APPEND);
        Files.move(trash.resolve("checkpoint-9"), trash.resolve(".deleting-checkpoint-9"));
        Files.delete(trash.resolve(".deleting-checkpoint-9/latest"));
        assertThat(plan(request.emptying()).run(JobControl.none()).pruned()).hasSize(1);
        assertThat(list(trash)).containsExactly(PruneJournal.FILE_NAME);
        assertThat(PruneJournal.read(trash)).hasSizeGreaterThan(2);
    }

    @Test
    void onlyOneProgramPrunesARun() throws IOException {
        Path run = run(9, 10);
        Files.createDirectories(folder.resolve("run-trash"));
        try (PruneJournal _ = PruneJournal.open(folder.resolve("run-trash"))) {
            assertThatThrownBy(() -> plan(PruneRequest.of(run).withKeep(new KeepRule.Last(1)))
                            .run(JobControl.none()))
                    .isInstanceOf(OutputException.class)
                    .hasMessageContaining("another program");
        }
        assertThat(list(run)).containsExactly("checkpoint-10", "checkpoint-9");
    }

    @Test
    void averagedWeightsAreNotThrownAwayUnproven() throws IOException {
        Path run = folder.resolve("run");
        Path one = Resources.fixture("videoxfun-full-ema/output");
        try (Stream<Path> all = Files.list(one)) {
            Path checkpoint = all.filter(Files::isDirectory).findFirst().orElseThrow();
            copy(checkpoint, run.resolve("checkpoint-1"));
            copy(checkpoint, run.resolve("checkpoint-2"));
        }
        List<Item> items =
                plan(PruneRequest.of(run).withKeep(new KeepRule.Last(1))).items();
        assertThat(items).extracting(Item::fate).containsExactly(Fate.STAYS, Fate.KEPT);
        assertThat(items.getFirst().reason().orElseThrow().message().key())
                .isIn("checkpoints.prune.other-weights", "checkpoints.prune.only-weights");
    }

    @Test
    @Attack(
            name = "prune-journal-traversal",
            tries = "a journal in the trash that names `../../home` as a checkpoint to be deleted",
            fails =
                    "only plain names are read from it, and what they name must be a folder in the trash whose weights are "
                            + "compared first")
    void aJournalLeadsNowhere() throws IOException {
        Path run = run(9, 10);
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
        PruneRequest.Plan plan = plan(PruneRequest.of(run).emptying());
        assertThat(plan.items()).extracting(Item::fate).containsOnly(Fate.STAYS);
        plan.run(JobControl.none());
        for (String line : List.of(
                "{\"action\":\"moving\",\"checkpoint\":\"../precious\"}",
                "{\"action\":\"moving\",\"checkpoint\":\"/etc\"}",
                "{\"action\":\"exec\",\"checkpoint\":\"mine\"}",
                "[]",
                "x".repeat(100))) {
            Files.writeString(journal, line + "\n");
            assertThatThrownBy(() -> plan(PruneRequest.of(run).emptying())).isInstanceOf(FormatException.class);
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
        Path run = run(9, 10);
        Files.createDirectories(folder.resolve("else"));
        Files.createSymbolicLink(folder.resolve("run-trash"), folder.resolve("else"));
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        assertThatThrownBy(() -> plan(request)).isInstanceOf(OutputException.class);
        Files.delete(folder.resolve("run-trash"));
        PruneRequest inside = new PruneRequest(
                run, request.keep(), Optional.empty(), Optional.of(run.resolve("weights")), request.dtype(), 1, false);
        assertThatThrownBy(() -> plan(inside)).isInstanceOf(OutputException.class);
        assertThatThrownBy(() -> plan(PruneRequest.of(run.resolve("checkpoint-9"))))
                .isInstanceOf(InvalidCheckpointException.class);
        assertThatThrownBy(() -> plan(PruneRequest.of(folder.resolve("absent"))))
                .isInstanceOf(java.nio.file.NoSuchFileException.class);
    }

    @Test
    void everyFieldSurvivesBeingWrittenAndRead() {
        PruneRequest request = PruneRequest.of(Path.of("run"))
                .withKeep(
                        new KeepRule.Last(2),
                        new KeepRule.Every(1000),
                        new KeepRule.Step(0),
                        new KeepRule.Best("flicker", new TreeMap<>(Map.of(500L, 0.98, 1000L, 0.97))))
                .withBase("THUDM/CogVideoX-2b");
        assertThat(PruneRequest.read(object(JsonFile.format(request.toJson())))).isEqualTo(request);
        PruneRequest empty = PruneRequest.of(Path.of("run")).emptying();
        assertThat(PruneRequest.read(object(JsonFile.format(empty.toJson())))).isEqualTo(empty);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'job': 'prune', 'version': 1}",
                "{'job': 'prune', 'version': 2, 'run': 'a'}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'last': 0}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'every': -1}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'best': 'x'}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'first': 1}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'last': 1, 'step': 2}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'last': 1}], 'empty': true}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'delete': true}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> PruneRequest.read(object(json.replace('\'', '"'))))
                .isInstanceOf(InvalidRequestException.class)
                .isInstanceOf(CheckpointException.class);
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

    private static PruneRequest.Plan plan(PruneRequest request) throws IOException {
        return new PrunePlanner(request, QUIET, JobControl.none()).plan();
    }

    private Path run(int... steps) throws IOException {
        Path run = folder.resolve("run");
        for (int step : steps) {
            copy(CHECKPOINTS.resolve("checkpoint-" + step), run.resolve("checkpoint-" + step));
        }
        return run;
    }

    private static ObjectNode object(String json) {
        return (ObjectNode) new ObjectMapper().readTree(json);
    }

    private static Map<String, String> below(Map<String, String> hashes, String name) {
        Map<String, String> own = new TreeMap<>();
        hashes.forEach((path, hash) -> {
            if (path.startsWith(name + "/")) {
                own.put(path, hash);
            }
        });
        return own;
    }

    private static Map<String, String> hashes(Path folder) throws IOException {
        Map<String, String> hashes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                hashes.put(
                        folder.relativize(file).toString().replace('\\', '/'),
                        Digests.sha256(Files.readAllBytes(file)));
            }
        }
        return hashes;
    }

    private static List<String> list(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> String.valueOf(path.getFileName())).sorted().toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
    }
}
