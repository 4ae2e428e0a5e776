package io.github.cogvideo4j.checkpoints.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a pruning keeps, proves and moves.
class PruningTest {
    @TempDir
    private Path folder;

    /// Adapters for one model: DeepSpeed's state with the model in it, and what a trainer leaves without one.
    private static final List<Path> ADAPTERS = List.of(
            Resources.fixture("lora-zero2-bf16-w2/output/checkpoint-3"),
            Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3"));

    private static final Path ADAPTED = Resources.fixture("lora-zero2-bf16-w2/base");

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
            boolean adapters = generator.bool();
            for (long step : steps) {
                Path source = adapters
                        ? generator.of(ADAPTERS)
                        : PruneRuns.CHECKPOINTS.resolve(generator.bool() ? "checkpoint-9" : "checkpoint-10");
                Resources.copy(source, run.resolve("checkpoint-" + step));
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
            Map<String, String> before = PruneRuns.hashes(run);
            PruneRequest bare = PruneRequest.of(run).withKeep(rules.toArray(KeepRule[]::new));
            PruneRequest request = adapters ? bare.withBase(ADAPTED.toString()) : bare;
            PruneRequest.Result done = PruneRuns.plan(request).run(JobControl.none());

            Map<String, String> left = PruneRuns.hashes(run);
            Map<String, String> thrown =
                    Files.exists(at.resolve("run-trash")) ? PruneRuns.hashes(at.resolve("run-trash")) : Map.of();
            for (long step : all) {
                String name = "checkpoint-" + step;
                boolean stays = kept.contains(step) || step == 9000;
                assertThat(PruneRuns.below(stays ? left : thrown, name)).isEqualTo(PruneRuns.below(before, name));
                assertThat(PruneRuns.below(stays ? thrown : left, name)).isEmpty();
                if (!stays) {
                    requireProven(
                            request,
                            at.resolve("run-weights").resolve(name),
                            at.resolve("run-trash").resolve(name),
                            adapters);
                }
            }
            assertThat(done.pruned()).hasSize((int)
                    steps.stream().filter(step -> !kept.contains(step)).count());

            PruneRuns.plan(request.emptying()).run(JobControl.none());
            assertThat(PruneRuns.hashes(run)).isEqualTo(left);
            if (!done.pruned().isEmpty()) {
                assertThat(PruneRuns.list(at.resolve("run-trash"))).containsExactly(PruneJournal.FILE_NAME);
            }
        } finally {
            FolderDeletion.delete(at);
        }
    }

    private static void requireProven(PruneRequest request, Path weights, Path checkpoint, boolean adapter)
            throws IOException {
        if (adapter) {
            KeptWeights.of(request, checkpoint).requireEqual(weights, JobControl.none());
        } else {
            assertThat(VerificationRequest.of(weights)
                            .withAgainst(checkpoint)
                            .plan(JobControl.none())
                            .run(JobControl.none())
                            .problems())
                    .isEmpty();
        }
    }

    @Test
    void aPlanChangesNothingAndTellsTheCosts() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        Map<String, String> before = PruneRuns.hashes(folder);
        List<Item> items = PruneRuns.plan(PruneRequest.of(run)).items();
        assertThat(items).extracting(Item::fate).containsOnly(Fate.KEPT);
        assertThat(PruneRuns.plan(PruneRequest.of(run).withKeep(new KeepRule.Last(1)))
                        .items())
                .extracting(Item::fate)
                .containsExactly(Fate.GOES, Fate.KEPT);
        assertThat(PruneRuns.hashes(folder)).isEqualTo(before);
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

    /// A run that was killed between the conversion and the move.
    @Test
    void weightsThatAreThereAreComparedAgain() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        KeptWeights.of(request, run.resolve("checkpoint-9"))
                .write(folder.resolve("run-weights/checkpoint-9"), JobControl.none());
        assertThat(PruneRuns.plan(request).run(JobControl.none()).pruned()).hasSize(1);
    }

    @Test
    void weightsOfAnotherCheckpointProveNothing() throws IOException {
        Path run = PruneRuns.run(folder, 9, 10);
        PruneRequest request = PruneRequest.of(run).withKeep(new KeepRule.Last(1));
        KeptWeights.of(request, run.resolve("checkpoint-10"))
                .write(folder.resolve("run-weights/checkpoint-9"), JobControl.none());
        assertThatThrownBy(() -> PruneRuns.plan(request).run(JobControl.none()))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.DIFFERENT));
        assertThat(PruneRuns.list(run)).containsExactly("checkpoint-10", "checkpoint-9");
    }

    @Test
    void averagedWeightsAreNotThrownAwayUnproven() throws IOException {
        Path run = folder.resolve("run");
        Path one = Resources.fixture("videoxfun-full-ema/output");
        try (Stream<Path> all = Files.list(one)) {
            Path checkpoint = all.filter(Files::isDirectory).findFirst().orElseThrow();
            Resources.copy(checkpoint, run.resolve("checkpoint-1"));
            Resources.copy(checkpoint, run.resolve("checkpoint-2"));
        }
        List<Item> items = PruneRuns.plan(PruneRequest.of(run).withKeep(new KeepRule.Last(1)))
                .items();
        assertThat(items).extracting(Item::fate).containsExactly(Fate.STAYS, Fate.KEPT);
        assertThat(items.getFirst().reason().orElseThrow().message().key())
                .isIn("checkpoints.prune.other-weights", "checkpoints.prune.only-weights");
    }
}
