package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class InspectCommandTest {
    private static final Path CHECKPOINT = Resources.fixture("sample-t2v-2b/output/checkpoint-3");
    private static final Path BASE = Resources.golden("pipelines/t2v-2b");

    private static Run run(Object... words) {
        return Run.of(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
    }

    private static JsonNode json(Object... words) {
        return JsonMapper.shared().readTree(run(words).out());
    }

    @ParameterizedTest
    @CsvSource({
        "tensor-ok-control/input/pytorch_model.bin, DONE, clean",
        "evil-os-system/input/pytorch_model.bin, PROBLEMS_FOUND, unsafe",
        "evil-in-zero-optim/input/checkpoint-10, PROBLEMS_FOUND, unsafe",
        "pickle-deep-nesting/input/pytorch_model.bin, PROBLEMS_FOUND, unsafe",
        "index-wrong-total-size/input, PROBLEMS_FOUND, problems",
        "pickle-no-stop/input/pytorch_model.bin, BAD_INPUT, unreadable",
        "st-not-json/input/model.safetensors, BAD_INPUT, unreadable",
        "missing-rank1-optim/input/checkpoint-10, BAD_INPUT, unreadable"
    })
    void theExitCodeIsTheVerdict(String input, ExitCode exit, String verdict) {
        Path path = Resources.fixture("broken/" + input);
        assertThat(run("inspect", path).exit()).isEqualTo(exit);
        assertThat(run("inspect", path, "--pickle").exit()).isEqualTo(exit);
        assertThat(json("inspect", path, "--json").get("result").get("verdict").stringValue())
                .isEqualTo(verdict);
    }

    @Test
    void aListingJudgesEveryName() {
        Run run = run("inspect", Resources.fixture("broken/evil-os-system/input/pytorch_model.bin"), "--pickle");
        assertThat(run.out())
                .containsPattern("GLOBAL +(os|posix|nt)\\.system +<- REFUSED")
                .contains("REDUCE");
        assertThat(run.out()).contains("[unsafe-pickle]");
    }

    @Test
    void whatIsDamagedIsListedAsFarAsItGoes() {
        JsonNode output = json(
                "inspect", Resources.fixture("broken/pickle-no-stop/input/pytorch_model.bin"), "--pickle", "--json");
        assertThat(output.get("error").get("code").stringValue()).isEqualTo("pickle-syntax");
        JsonNode pickle = output.get("result").get("pickles").get(0);
        assertThat(pickle.get("complete").booleanValue()).isFalse();
        assertThat(pickle.get("listing").size()).isEqualTo(pickle.get("opcodes").intValue());
    }

    @Test
    void jsonHoldsEverything() {
        JsonNode output = json("inspect", CHECKPOINT, "--json", "--stats", "--tree", "--filter", "proj_out.*");
        JsonNode contents = output.get("result").get("contents").get(0);
        assertThat(contents.get("kind").stringValue()).isEqualTo("DeepSpeed ZeRO");
        assertThat(contents.get("step").intValue()).isEqualTo(3);
        assertThat(contents.get("zero_stage").intValue()).isEqualTo(2);
        assertThat(contents.get("world_size").intValue()).isEqualTo(2);
        assertThat(contents.get("training").get("optimizer").stringValue()).isEqualTo("AdamW");
        assertThat(contents.get("training")
                        .get("ds_config")
                        .get("train_batch_size")
                        .intValue())
                .isEqualTo(2);
        assertThat(contents.get("tensors").size()).isEqualTo(2);
        JsonNode tensor = contents.get("tensors").get(0);
        assertThat(tensor.get("name").stringValue()).isEqualTo("proj_out.weight");
        assertThat(tensor.get("shape").toString()).isEqualTo("[64,32]");
        assertThat(tensor.get("stats").get("count").intValue()).isEqualTo(64 * 32);
        assertThat(contents.get("totals")
                        .get("by_dtype")
                        .get("F32")
                        .get("parameters")
                        .intValue())
                .isEqualTo(64 * 33);
        assertThat(contents.get("tree")
                        .get("modules")
                        .get("proj_out")
                        .get("own")
                        .size())
                .isEqualTo(2);
        assertThat(output.get("result").get("pickles").size()).isEqualTo(3);
    }

    @Test
    void statisticsFindWhatTheNamesDoNotTell() {
        Path damaged = Resources.fixture("broken/nan-safetensors/input/transformer");
        assertThat(run("inspect", damaged).exit()).isEqualTo(ExitCode.DONE);
        Run run = run("inspect", damaged, "--stats");
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out()).contains("[nan-inf]", "norm_final.bias");
    }

    @Test
    void aComparisonIsATableAndAPage(@TempDir Path folder) throws Exception {
        Path page = folder.resolve("changes.html");
        Run run = run("inspect", CHECKPOINT, "--compare", BASE, "--html", page);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).contains("relative change 4.19%; 64 of 64", "to_q", "norm_out.norm.bias");
        assertThat(Files.readString(page)).startsWith("<!doctype html>").contains("4.19%");
        Run chinese = run("inspect", CHECKPOINT, "--compare", BASE, "--html", page, "--lang", "zh");
        assertThat(chinese.out()).contains("相对变化 4.19%");
        assertThat(Files.readString(page)).contains("微调改变了什么");
        JsonNode result =
                json("inspect", CHECKPOINT, "--compare", BASE, "--json").get("result");
        assertThat(result.get("blocks").size()).isEqualTo(2);
        assertThat(result.get("kinds").get("to_q").get("relative_change").doubleValue())
                .isPositive();
        assertThat(result.get("tensors").size()).isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--html=x.html", "--threads=0", "--sort=colour"})
    void whatDoesNotGoTogetherIsAUsageError(String option) {
        assertThat(run("inspect", CHECKPOINT, option).exit()).isEqualTo(ExitCode.USAGE);
    }
}
