package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `cogvideo merge`, as someone sees it who has several checkpoints.
class MergeCommandTest {
    private static final Path BASE = Resources.fixture("lora-ddp-bf16-w2/base");
    private static final Path A = Resources.fixture("zero2-bf16-w3/output/checkpoint-3");
    private static final Path B = Resources.fixture("zero3-bf16-w3/output/checkpoint-3");
    private static final Path ADAPTER = Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3");
    private static final Path OTHER = Resources.fixture("lora-alpha-ddp-bf16-w2/output/checkpoint-3");

    @TempDir
    private Path folder;

    private static Run run(Object... arguments) {
        return Run.of(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    }

    private static JsonNode result(Run run) {
        return JsonMapper.shared().readTree(run.out()).get("result");
    }

    @Test
    void whatIsSuggestedProvesIt() {
        Path model = folder.resolve("model");
        Run merged = run("merge", A, B, model, "--weights", "0.3,0.7", "--base", BASE);
        assertThat(merged.exit()).as(merged.err()).isEqualTo(ExitCode.DONE);
        assertThat(merged.out())
                .contains("merge: average\n", "weight 0.300000: ", "weights: sum 1.00000", "next: cogvideo verify ");
        String next = merged.out().lines().reduce((a, b) -> b).orElseThrow();
        Run verified = Run.of(next.substring("next: cogvideo ".length()).split(" "));
        assertThat(verified.exit()).as(verified.err()).isEqualTo(ExitCode.DONE);
        assertThat(verified.out()).contains("what the merge of 2 checkpoints makes them, to the bit");
    }

    @Test
    void theBaseOfTheChangesIsPartOfTheProof() {
        Path model = folder.resolve("model");
        Run merged = run("merge", A, B, model, "--method", "ties", "--density", "0.5", "--base", BASE, "--json");
        JsonNode merge = result(merged).get("merge");
        assertThat(merge.get("method").asString()).isEqualTo("ties");
        assertThat(merge.get("density").asDouble()).isEqualTo(0.5);
        assertThat(merge.get("weight_sum").asDouble()).isEqualTo(2);
        assertThat(run("verify", model, "--against", A, "--against", B, "--base", BASE)
                        .exit())
                .isEqualTo(ExitCode.DONE);
        assertThat(run("verify", model, "--against", B, "--against", A).exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run("verify", model, "--against", A, "--base", BASE).err()).contains("--against", "--base");
        assertThat(run("verify", model, "--base", BASE).exit()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void aModelThatWasNotMergedHasOneSource() {
        Path model = folder.resolve("model");
        assertThat(run("convert", A, model).exit()).isEqualTo(ExitCode.DONE);
        Run verified = run("verify", model, "--against", A, "--against", B);
        assertThat(verified.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(verified.err()).contains("not merged");
    }

    @Test
    void adaptersTellWhatIsLost() {
        Path file = folder.resolve("both.safetensors");
        Run plan = run("merge", ADAPTER, OTHER, file, "--rank", 5, "--dry-run", "--json");
        assertThat(result(plan).get("layers").get(0).get("rank").asInt()).isEqualTo(5);
        assertThat(file).doesNotExist();
        Run merged = run("merge", ADAPTER, OTHER, file, "--weights", "1,0.5", "--rank", 5);
        assertThat(merged.exit()).as(merged.err()).isEqualTo(ExitCode.DONE);
        assertThat(merged.out()).contains("is lost", "8 layers");
        assertThat(run("merge", ADAPTER, OTHER, folder.resolve("zh.safetensors"), "--lang", "zh")
                        .out())
                .contains("已将 8 个层合并到");
    }

    @Test
    void aMergedAdapterIsProvenToo() {
        Path file = folder.resolve("both.safetensors");
        Run merged = run("merge", ADAPTER, OTHER, file, "--weights", "1,0.5", "--rank", 5);
        assertThat(folder.resolve("both.cogvideo4j.json")).isRegularFile();
        String next = merged.out().lines().reduce((a, b) -> b).orElseThrow();
        Run verified = Run.of(next.substring("next: cogvideo ".length()).split(" "));
        assertThat(verified.exit()).as(verified.err()).isEqualTo(ExitCode.DONE);
        assertThat(verified.out()).contains("all 16 tensors are what the merge of 2 ", "to the bit");
        assertThat(run("verify", file).out()).contains("both.safetensors is intact: 16 tensors");
        assertThat(run("verify", file, "--against", OTHER, "--against", ADAPTER).exit())
                .isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run("verify", file, "--against", ADAPTER).exit()).isEqualTo(ExitCode.USAGE);
    }

    /// The manifest has absolute ones: it may be read from elsewhere.
    @Test
    void pathsAreToldAsTheyWereTyped() throws IOException {
        Path here = Path.of("").toAbsolutePath();
        Path model = here.relativize(folder.resolve("model"));
        Run merged = run("merge", here.relativize(A), here.relativize(B), model, "--base", here.relativize(BASE));
        assertThat(merged.exit()).as(merged.err()).isEqualTo(ExitCode.DONE);
        assertThat(merged.out()).contains(here.relativize(A) + "").doesNotContain(" " + here.getRoot());
        assertThat(Files.readString(folder.resolve("model/cogvideo4j.json")))
                .contains("\"" + A.resolve("pytorch_model"));
        Run adapters = run("merge", here.relativize(ADAPTER), here.relativize(OTHER), model.resolveSibling("lora"));
        assertThat(adapters.out())
                .contains("--against " + here.relativize(ADAPTER))
                .doesNotContain(" " + here.getRoot());
    }

    @Test
    void wrongUsageIsOneLineAndWritesNothing() throws IOException {
        Path model = folder.resolve("model");
        usage("1 weights for 2 sources", "merge", A, B, model, "--weights", "1");
        usage("cannot be x", "merge", A, B, model, "--weights", "1,x");
        usage("cannot be NaN", "merge", A, B, model, "--weights", "NaN,1");
        usage("do not go together", "merge", A, B, model, "--weights", "1,1", "--ema", "0.9");
        usage("do not go together", "merge", A, model, "--method", "linear", "--ema", "0.9");
        usage("--ema cannot be 1.5", "merge", A, B, model, "--ema", "1.5");
        usage("goes with --method ties", "merge", A, B, model, "--density", "0.5");
        usage("same checkpoint", "merge", A, A, model);
        usage("at least two", "merge", A, model);
        usage("without base", "merge", A, model, "--method", "linear");
        usage("dare", "merge", A, B, model, "--method", "dare");
        assertThat(run("merge", model).exit()).isEqualTo(ExitCode.USAGE);
        try (var there = Files.list(folder)) {
            assertThat(there).isEmpty();
        }
    }

    @Test
    void badInputIsOneLineAndWritesNothing() throws IOException {
        Path model = folder.resolve("model");
        Path small = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        Run other = run("merge", A, small, model);
        assertThat(other.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(other.err()).contains("shape-mismatch", "patch_embed.proj.weight");
        assertThat(run("merge", A, ADAPTER, model).exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run("merge", A, folder.resolve("absent"), model).exit()).isEqualTo(ExitCode.BAD_INPUT);
        try (var there = Files.list(folder)) {
            assertThat(there).isEmpty();
        }
    }

    private static void usage(String words, Object... arguments) {
        Run run = run(arguments);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(words);
        assertThat(run.err().lines().filter(line -> line.startsWith("error"))).hasSize(1);
    }
}
