package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchCommandTest {
    private static final List<String> SMALL = List.of(
            "--model",
            Resources.golden("pipelines/t2v-2b").toString(),
            "--device",
            "cpu",
            "--height",
            "48",
            "--width",
            "80",
            "--num-frames",
            "5",
            "--num-inference-steps",
            "1",
            "--threads",
            "1");

    @TempDir
    private Path folder;

    private Run batch(String... arguments) {
        List<String> words = new ArrayList<>(List.of("batch"));
        words.addAll(List.of(arguments));
        words.addAll(SMALL);
        return Run.of(words.toArray(String[]::new));
    }

    private String rows(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines)).toString();
    }

    private String output() {
        return folder.resolve("videos").toString();
    }

    @Test
    void promptsBecomeVideosAManifestAndAPage() throws IOException {
        String rows = rows("rows.txt", "a cat", "a <b>dog</b>");
        Run dry = batch(rows, output(), "--seeds", "0..1", "--dry-run");
        Run.done(dry);
        assertThat(dry.out()).contains("4 results: 0 completed, 0 failed, 4 left", "a rough guess", "MB");
        assertThat(folder.resolve("videos")).doesNotExist();
        Run run = batch(rows, output(), "--seeds", "0..1", "--json");
        Run.done(run);
        assertThat(run.out()).contains("\"completed\": 4", "\"model_loads\": 1", "index.html");
        assertThat(Files.readAllLines(folder.resolve("videos/manifest.jsonl"))).hasSize(4);
        assertThat(folder.resolve("videos/index.html")).content().contains("4 of 4 completed");
        // The page's rows are data: nothing in them becomes markup.
        assertThat(folder.resolve("videos/page/rows-0.js")).content().contains("a <b>dog</b>");
        Run again = batch(rows, output(), "--seeds", "0..1");
        Run.done(again);
        assertThat(again.out()).contains("4 of 4 completed, 0 failed; this run made 0");
        Run verified = Run.of("batch", "--verify", "--gc", output());
        Run.done(verified);
        assertThat(verified.out()).contains("every result is what it was", "deleted 0 files");
    }

    @Test
    void rowsThatFailAreFindings() throws IOException {
        Run run = batch(
                rows("rows.jsonl", "{\"prompt\": \"a cat\"}", "{\"id\": \"odd\", \"prompt\": \"a\", \"width\": 47}"),
                output());
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out()).contains("line 2 (odd): ", "1 of 2 completed, 1 failed");
    }

    @Test
    void rowsThatCannotBeReadStopEverything() throws IOException {
        Run run = batch(rows("rows.jsonl", "{\"prompt\": \"a cat\"}", "{\"promt\": \"a\"}"), output());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.out()).contains("line 2: the field \"prompt\" is missing");
        assertThat(folder.resolve("videos")).doesNotExist();
    }

    @Test
    void anotherBatchIsNotMixedIn() throws IOException {
        Run.done(batch(rows("rows.txt", "a cat"), output()));
        Run other = batch(rows("other.txt", "a dog"), output());
        assertThat(other.exit()).isNotEqualTo(ExitCode.DONE);
        assertThat(other.err()).contains("rows.txt", "output-refused");
    }

    @Test
    void partsAreMerged() throws IOException {
        String rows = rows("rows.txt", "a cat", "a dog", "a cow");
        Run.done(batch(rows, output(), "--shard", "0/2"));
        assertThat(Run.of("batch", "--merge", output()).exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        Run.done(batch(rows, output(), "--shard", "1/2"));
        Run merged = Run.of("batch", "--merge", output());
        Run.done(merged);
        assertThat(merged.out()).contains("3 of 3 completed, 0 failed, 0 left");
    }

    @Test
    void wrongWordsAreRefused() throws IOException {
        String rows = rows("rows.txt", "a cat");
        Run.usage(batch(rows, output(), "--shard", "2/2"), "2/2");
        Run.usage(batch(rows, output(), "--shard", "half"), "half");
        Run.usage(batch(rows, output(), "--seeds", "4..0"), "4..0");
        Run.usage(batch(rows, output(), "--grid", "guidance-scale"), "--grid");
        Run.usage(batch(rows, output(), "--base", "x"), "--base");
        Run.usage(batch(rows), "OUTPUT");
        Run.refused(Run.of("batch", folder.resolve("none.txt").toString(), output(), "--model", "x"), "x");
    }

    /// Runs have no Spark here: what needs it says where it comes from, and a shard or `none` asks for no cluster.
    @Test
    void whatNeedsSparkSaysSo() throws IOException {
        String rows = rows("rows.txt", "a cat");
        for (Run run : List.of(
                batch(rows, "s3a://bucket/videos"), batch(rows, output(), "--master", "spark://127.0.0.1:7077"))) {
            assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.ENVIRONMENT);
            assertThat(run.err()).contains("the jars of Spark are missing");
        }
        Run.usage(batch(rows, output(), "--ship-model"), "--ship-model");
        Run.usage(batch(rows, output(), "--master", "none", "--conf", "spark.x=1"), "--conf");
        Run.usage(batch(rows, output(), "--print-submit"), "--print-submit");
        assertThat(folder.resolve("videos")).doesNotExist();
    }

    /// The line for `spark-submit` is printed whole, however long it is, and the jars of Spark's archive travel.
    @Test
    void theLineForSparkSubmitIsWhole() throws IOException {
        Path spark = folder.resolve("spark's");
        Files.createDirectories(spark.resolve("jars"));
        Files.createDirectories(spark.resolve("submit/lib"));
        List<String> words = new ArrayList<>(List.of(
                "batch",
                rows("rows.txt", "a cat"),
                output(),
                "--print-submit",
                "--master",
                "k8s://https://cluster:6443"));
        words.addAll(SMALL);
        for (int i = 0; i < 100; i++) {
            words.addAll(List.of("--conf", "spark.executorEnv.SOME_VARIABLE_" + i + "=some value"));
        }
        Run run = Run.in(Map.of("LANG", "C", "COGVIDEO_SPARK_HOME", spark.toString()), words.toArray(String[]::new));
        Run.done(run);
        assertThat(run.out())
                .startsWith("spark-submit --master k8s://https://cluster:6443 --class io.github.cogvideo4j.cli.Main")
                .contains("--jars '" + spark.toString().replace("'", "'\\''") + "/submit/lib/*.jar'")
                .contains("--conf 'spark.executorEnv.SOME_VARIABLE_99=some value'")
                .endsWith("SOME_VARIABLE_99=some value'\n")
                .doesNotContain("--print-submit", "…");
    }
}
