package io.github.cogvideo4j.checkpoints.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.checkpoints.inspect.Inspection.Verdict;
import io.github.cogvideo4j.checkpoints.inspect.ModuleTree.TensorTotals;
import io.github.cogvideo4j.checkpoints.internal.inspect.NaturalOrder;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedFolder;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class InspectionTest {
    /// What a scanner calls a danger, by the fixtures' codes.
    private static final Set<String> DANGERS =
            Set.of("unsafe-pickle", "unsafe-path", "pickle-limit", "tensor-too-large");

    /// Seen only against a configuration or in the values, which are not looked at here.
    private static final Set<String> UNSEEN = Set.of(
            "all-zero",
            "nan-inf",
            "overflow",
            "bad-crc",
            "extra-tensor",
            "shape-mismatch",
            "lora-unmerged",
            "ok",
            "ok-latest-whitespace",
            "ok-two-tags");

    private static Inspection inspect(Path path) throws IOException {
        return Inspection.of(path, SourceOptions.defaults(), PickleWatch.NONE);
    }

    static Stream<String> broken() {
        return Resources.cases("broken").stream().filter(name -> !name.equals("empty-dir"));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void theVerdictOnDamageAndHostilityFollowsTheCode(String name) throws IOException {
        Path fixture = Resources.fixture("broken/" + name);
        JsonNode json = JsonFile.readObject(fixture.resolve("case.json"), 1 << 20, ProblemCode.CONFIG_INVALID);
        String code = json.get("expect").get("code").stringValue();
        Inspection inspection =
                inspect(fixture.resolve(json.get("command").get(1).stringValue()));
        List<String> seen = Stream.concat(inspection.problems().stream(), inspection.unreadable().stream())
                .map(problem -> problem.code().id())
                .toList();
        if (DANGERS.contains(code)) {
            assertThat(inspection.verdict()).isEqualTo(Verdict.UNSAFE);
            assertThat(seen).contains(code);
        } else if (UNSEEN.contains(code) || (code.equals("missing-tensor") && !name.startsWith("index-"))) {
            assertThat(inspection.verdict()).as(seen.toString()).isEqualTo(Verdict.CLEAN);
        } else {
            assertThat(inspection.verdict()).isIn(Verdict.UNREADABLE, Verdict.PROBLEMS);
            assertThat(seen).contains(code);
        }
    }

    @Test
    void everyRefusedNameIsListedAlsoBehindTheFirst() throws IOException {
        Inspection inspection = inspect(Resources.fixture("broken/evil-legacy-sysinfo/input/pytorch_model.bin"));
        assertThat(inspection.pickles())
                .extracting(PickleSummary::name)
                .startsWith("magic number", "protocol version", "system information");
        assertThat(inspection.pickles().get(2).globals()).singleElement().satisfies(mention -> {
            assertThat(mention.global().name()).isEqualTo("os.system");
            assertThat(mention.global().allowed()).isFalse();
        });
        assertThat(inspection.problems())
                .filteredOn(problem -> problem.code() == ProblemCode.UNSAFE_PICKLE)
                .hasSize(1);
    }

    @Test
    void aPickleBesideTheStateIsJudgedToo(@TempDir Path folder) throws IOException {
        Path checkpoint =
                Resources.copy(Resources.fixture("zero2-bf16-w2/output/checkpoint-3"), folder.resolve("checkpoint-3"));
        assertThat(inspect(checkpoint).verdict()).isEqualTo(Verdict.CLEAN);
        Files.copy(
                Resources.fixture("broken/evil-bare-pickle/input/pytorch_model.bin"),
                checkpoint.resolve("scheduler.bin"));
        assertThat(inspect(checkpoint).verdict()).isEqualTo(Verdict.UNSAFE);
    }

    /// Each chunk is a file of its own inside a file: the model's 40 tensors on 2 ranks, and the optimizer's
    /// states.
    @Test
    void everyPickleOfADistributedCheckpointIsJudged(@TempDir Path folder) throws IOException {
        Inspection inspection = inspect(Resources.fixture("dcp-fsdp-bf16-w2/output/checkpoint-2"));
        assertThat(inspection.verdict()).isEqualTo(Verdict.CLEAN);
        assertThat(inspection.pickles()).hasSizeGreaterThan(2 + 2 * 40).allMatch(PickleSummary::harmless);
        assertThat(inspection.contents())
                .singleElement()
                .satisfies(contents -> assertThat(contents.tensors()).hasSize(40));

        DistributedFolder checkpoint = new DistributedFolder();
        checkpoint.add("model.w", 8);
        PickleWriter evil = new PickleWriter();
        evil.call("os", "system", List.of(() -> evil.text("true")));
        checkpoint.addObject("optimizer.step", evil.finish());
        checkpoint.write(folder);
        assertThat(inspect(folder).verdict()).isEqualTo(Verdict.UNSAFE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"universal-zero2-bf16-w2/input", "universal-zero3-bf16-w2/input"})
    void aUniversalCheckpointIsClean(String path) throws IOException {
        assertThat(inspect(Resources.fixture(path)).verdict()).isEqualTo(Verdict.CLEAN);
    }

    @ParameterizedTest
    @CsvSource({
        "zero2-bf16-w2, 2, 2, bf16",
        "zero3-bf16-w3, 3, 3, bf16",
        "zero2-fp16-w2, 2, 2, fp16",
        "zero2-fp32-w2, 2, 2, fp32",
        "zero1-bf16-w2, 1, 2, bf16"
    })
    void aCheckpointTellsHowItWasTrained(String name, int stage, int ranks, String precision) throws IOException {
        JsonNode json =
                JsonFile.readObject(Resources.fixture(name + "/case.json"), 1 << 20, ProblemCode.CONFIG_INVALID);
        Path checkpoint =
                Resources.fixture(name).resolve(json.get("checkpoints").get(0).stringValue());
        Contents contents = inspect(checkpoint).contents().getFirst();
        assertThat(contents.training().zeroStage()).hasValue(stage);
        assertThat(contents.training().worldSize()).hasValue(ranks);
        assertThat(contents.training().step()).hasValue(json.get("steps").longValue());
        assertThat(contents.training().versions())
                .containsEntry("deepspeed", json.get("deepspeed_version").stringValue());
        assertThat(contents.tensors()).hasSize(json.get("tensor_count").intValue());
        TrainingConfiguration config = contents.configuration().orElseThrow();
        assertThat(config.optimizer())
                .contains(json.get("options").path("optimizer").asString("AdamW"));
        assertThat(config.precision()).isEqualTo(precision);
        assertThat(config.zeroStage()).contains(Integer.toString(stage));
        assertThat(config.batchSize()).contains(Integer.toString(ranks));
    }

    @Test
    void anOptimizersFileIsShownAlthoughItIsNoModel() throws IOException {
        Contents contents = inspect(
                        Resources.fixture(
                                "sample-t2v-2b/output/checkpoint-3/pytorch_model/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt"))
                .contents()
                .getFirst();
        assertThat(contents.kind()).isEqualTo("torch ZIP");
        assertThat(contents.tensors())
                .extracting(ListedTensor::name)
                .anyMatch(name -> name.equals("optimizer_state_dict.single_partition_of_fp32_groups.0"));
        assertThat(contents.configuration()).isPresent();
    }

    @Test
    void aPipelineIsShownByComponent() throws IOException {
        assertThat(inspect(Resources.golden("pipelines/t2v-2b")).contents())
                .extracting(Contents::name)
                .containsExactlyInAnyOrder("transformer", "text_encoder", "vae");
    }

    @Test
    void metadataOfSafetensorsIsShown() throws IOException {
        Contents contents = inspect(Resources.golden("pipelines/t2v-2b/transformer"))
                .contents()
                .getFirst();
        assertThat(contents.metadata()).containsEntry("format", "pt");
    }

    @Test
    void aBarePickleWithoutTensorsIsReadable() throws IOException {
        Inspection inspection =
                inspect(Resources.fixture("dcp-fsdp-w2/output/checkpoint-2/pytorch_model_fsdp_0/.metadata"));
        assertThat(inspection.verdict()).isEqualTo(Verdict.CLEAN);
        assertThat(inspection.pickles())
                .singleElement()
                .satisfies(pickle -> assertThat(pickle.globals())
                        .anyMatch(mention -> mention.global().name().endsWith(".Metadata")));
    }

    @Test
    void selectionFiltersAndSorts() throws IOException {
        List<ListedTensor> all = inspect(Resources.golden("pipelines/t2v-2b/transformer"))
                .contents()
                .getFirst()
                .tensors();
        assertThat(select(all, "to_q", Optional.empty())).hasSize(4).allMatch(name -> name.contains("to_q"));
        assertThat(select(all, "*.to_?.weight", Optional.empty())).hasSize(6);
        assertThat(select(all, "to_?", Optional.empty())).isEmpty();
        assertThat(select(all, "[a-z]*", Optional.empty()))
                .as("no other pattern characters")
                .isEmpty();
        List<ListedTensor> bySize =
                new TensorSelection(Optional.empty(), Optional.of(TensorSelection.Order.SIZE)).of(all);
        assertThat(bySize)
                .isSortedAccordingTo((a, b) ->
                        Long.compare(b.tensor().byteLength(), a.tensor().byteLength()));
    }

    private static List<String> select(List<ListedTensor> all, String filter, Optional<TensorSelection.Order> order) {
        return new TensorSelection(Optional.of(filter), order)
                .of(all).stream().map(ListedTensor::name).toList();
    }

    @Test
    void numbersInNamesCount() {
        assertThat(Stream.of("b.10.w", "b.2.w", "b.02.w", "a", "b", "b.2").sorted(NaturalOrder.INSTANCE))
                .containsExactly("a", "b", "b.2", "b.02.w", "b.2.w", "b.10.w");
    }

    @Test
    void theTreesRootHoldsEverything() throws IOException {
        List<ListedTensor> all = inspect(Resources.golden("pipelines/t2v-2b/transformer"))
                .contents()
                .getFirst()
                .tensors();
        ModuleTree tree = ModuleTree.of(all);
        assertThat(tree.totals()).isEqualTo(TensorTotals.of(all));
        ModuleTree block = java.util.Objects.requireNonNull(
                java.util.Objects.requireNonNull(tree.modules().get("transformer_blocks"))
                        .modules()
                        .get("0"));
        assertThat(block.totals().tensors())
                .isEqualTo(all.stream()
                        .filter(tensor -> tensor.name().startsWith("transformer_blocks.0."))
                        .count());
    }
}
