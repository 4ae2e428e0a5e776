package io.github.cogvideo4j.checkpoints.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs whose checkpoints hold adapters.
class AdapterPruningTest {
    private static final String FILE = "pytorch_lora_weights.safetensors";

    @TempDir
    private Path folder;

    /// What stays is what the trainer held in memory, under the names by which diffusers finds it.
    @ParameterizedTest
    @ValueSource(strings = {"lora-zero2-bf16-w2", "lora-zero3-bf16-w2"})
    void theWeightsThatStayAreTheMasterCopies(String fixture) throws IOException {
        Path run = run(Resources.fixture(fixture + "/output/checkpoint-3"), "checkpoint-");
        PruneRequest request = request(run).withBase(base(fixture));
        List<Item> items = PruneRuns.plan(request).items();
        assertThat(items)
                .as(String.valueOf(items.getFirst().reason()))
                .extracting(Item::fate)
                .containsExactly(Fate.GOES, Fate.KEPT);
        assertThat(items.getFirst().costs().optimizer()).isPositive();
        assertThat(PruneRuns.plan(request).run(JobControl.none()).pruned()).hasSize(1);
        Map<String, TinySafetensors.Tensor> kept =
                TinySafetensors.read(folder.resolve("run-weights/checkpoint-1").resolve(FILE));
        Map<String, TinySafetensors.Tensor> held = new TreeMap<>();
        TinySafetensors.read(Resources.fixture(fixture + "/live-master.safetensors"))
                .forEach((name, tensor) -> {
                    if (name.contains(".lora_")) {
                        held.put("transformer." + name.replace(".default.", "."), tensor);
                    }
                });
        assertThat(kept.keySet()).isEqualTo(held.keySet());
        kept.forEach((name, tensor) -> assertThat(tensor.bytes())
                .as(name)
                .isEqualTo(Objects.requireNonNull(held.get(name)).bytes()));
    }

    /// Whatever trainer wrote it: it goes, is proven again, and is deleted.
    @ParameterizedTest
    @CsvSource({
        "lora-ddp-bf16-w2,             output/checkpoint-3,           checkpoint-",
        "lora-alpha-ddp-bf16-w2,       output/checkpoint-3,           checkpoint-",
        "any-lora-wan21-zero2-bf16-w2, output/checkpoint-3,           checkpoint-",
        "cogkit-lora-w2,               output/checkpoint-2,           checkpoint-",
        "finetrainers-lora-run,        output/finetrainers_step_20,   finetrainers_step_",
        "videoxfun-lora-state,         output/checkpoint-2,           checkpoint-",
    })
    void everyTrainersAdapterIsKept(String fixture, String checkpoint, String name) throws IOException {
        Path run = run(Resources.fixture(fixture).resolve(checkpoint), name);
        PruneRequest request = request(run).withBase(base(fixture));
        Map<String, String> before = PruneRuns.below(PruneRuns.hashes(run), name + 1);
        assertThat(PruneRuns.plan(request).run(JobControl.none()).pruned()).hasSize(1);
        Path trash = folder.resolve("run-trash");
        assertThat(PruneRuns.below(PruneRuns.hashes(trash), name + 1)).isEqualTo(before);
        assertThat(PruneRuns.list(folder.resolve("run-weights").resolve(name + 1)))
                .containsExactly(FILE);
        assertThat(PruneRuns.plan(request.emptying()).run(JobControl.none()).pruned())
                .hasSize(1);
        assertThat(PruneRuns.list(trash)).containsExactly(PruneJournal.FILE_NAME);
    }

    /// The model in the state is not kept, so it has to be somewhere else.
    @Test
    void theModelsOwnWeightsGoOnlyWhereTheBaseHasThem() throws IOException {
        Path run = run(Resources.fixture("lora-zero2-bf16-w2/output/checkpoint-3"), "checkpoint-");
        Item first = PruneRuns.plan(request(run)).items().getFirst();
        assertThat(first.fate()).isEqualTo(Fate.STAYS);
        assertThat(first.reason().orElseThrow().message().key()).isEqualTo("checkpoints.prune.needs-base");

        Path other = Resources.copy(Path.of(base("lora-zero2-bf16-w2")), folder.resolve("other"));
        Path weights = other.resolve("transformer/diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        Map<String, String> before = PruneRuns.hashes(run);
        assertThatThrownBy(() ->
                        PruneRuns.plan(request(run).withBase(other.toString())).run(JobControl.none()))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().message().key()).isEqualTo("checkpoints.prune.other-base"));
        assertThat(PruneRuns.hashes(run)).isEqualTo(before);
        assertThat(folder.resolve("run-weights/checkpoint-1")).doesNotExist();

        PruneRequest right = request(run).withBase(base("lora-zero2-bf16-w2"));
        PruneRuns.plan(right).run(JobControl.none());
        PruneRequest emptying = request(run).emptying();
        assertThat(PruneRuns.plan(emptying).items()).extracting(Item::fate).containsExactly(Fate.STAYS);
        assertThat(PruneRuns.plan(right.emptying()).items())
                .extracting(Item::fate)
                .containsExactly(Fate.GOES);
    }

    @Test
    void whatCannotBeProvenAgainIsNotDeleted() throws IOException {
        Path run = run(Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3"), "checkpoint-");
        PruneRequest request = request(run);
        PruneRuns.plan(request).run(JobControl.none());
        Path weights = folder.resolve("run-weights/checkpoint-1").resolve(FILE);
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertThatThrownBy(() -> PruneRuns.plan(request.emptying()).run(JobControl.none()))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.DIFFERENT));
        assertThat(folder.resolve("run-trash/checkpoint-1/optimizer.bin")).exists();
    }

    /// What stayed is proven against what went, by anyone and later.
    @Test
    void theWeightsThatStayAreVerifiedAgainstTheirCheckpoint() throws IOException {
        Path run = run(Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3"), "checkpoint-");
        PruneRuns.plan(request(run)).run(JobControl.none());
        Path kept = folder.resolve("run-weights/checkpoint-1");
        Path trashed = folder.resolve("run-trash/checkpoint-1");
        assertThat(verified(kept, trashed).problems()).isEmpty();
        assertThat(verified(kept, trashed).tensors()).isPositive();
        assertThat(codes(kept, Resources.fixture("lora-zero2-bf16-w2/output/checkpoint-3")))
                .containsExactly(ProblemCode.DIFFERENT);

        byte[] bytes = Files.readAllBytes(kept.resolve(FILE));
        bytes[bytes.length - 1] ^= 1;
        Files.write(kept.resolve(FILE), bytes);
        assertThat(codes(kept, trashed)).containsExactly(ProblemCode.DIFFERENT);
    }

    private static VerificationReport verified(Path kept, Path checkpoint) throws IOException {
        return VerificationRequest.of(kept)
                .withAgainst(checkpoint)
                .plan(JobControl.none())
                .run(JobControl.none());
    }

    private static List<ProblemCode> codes(Path kept, Path checkpoint) throws IOException {
        return verified(kept, checkpoint).problems().stream().map(Problem::code).toList();
    }

    @Test
    void whatWouldNotBeEqualToTheBitStays() throws IOException {
        Path run = run(Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3"), "checkpoint-");
        PruneRequest cast = new PruneRequest(
                run, List.of(new KeepRule.Last(1)), Optional.empty(), Optional.empty(), TargetDType.FP16, 1, false);
        assertThat(PruneRuns.plan(cast).items()).extracting(Item::fate).containsExactly(Fate.STAYS, Fate.KEPT);
    }

    private Path run(Path checkpoint, String name) throws IOException {
        Path run = folder.resolve("run");
        Resources.copy(checkpoint, run.resolve(name + 1));
        Resources.copy(checkpoint, run.resolve(name + 2));
        return run;
    }

    private static PruneRequest request(Path run) {
        return PruneRequest.of(run).withKeep(new KeepRule.Last(1));
    }

    private static String base(String fixture) {
        return Resources.fixture(fixture + "/base").toString();
    }
}
