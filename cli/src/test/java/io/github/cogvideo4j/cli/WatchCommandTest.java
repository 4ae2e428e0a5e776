package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `cogvideo watch`, as someone sees it who waits for a training.
class WatchCommandTest {
    private static final Path BASE = Resources.golden("pipelines/t2v-2b");
    private static final Path CHECKPOINT = Resources.fixture("sample-t2v-2b/output/checkpoint-3");

    @TempDir
    private Path folder;

    private Path run;
    private Path report;

    @BeforeEach
    void makeFolders() throws IOException {
        run = Files.createDirectories(folder.resolve("outputs"));
        report = folder.resolve("report");
        Files.writeString(folder.resolve("prompts.txt"), "a panda plays the guitar\n\na red car\n");
    }

    private Run watch(Path base, Object... more) {
        List<String> words = new ArrayList<>(List.of(
                "watch",
                run.toString(),
                "--model",
                base.toString(),
                "--prompts",
                folder.resolve("prompts.txt").toString(),
                "--output",
                report.toString(),
                "--once",
                "--interval",
                "0.1",
                "--device",
                "cpu",
                "--normal-priority"));
        Arrays.stream(more).map(Object::toString).forEach(words::add);
        return Run.of(words.toArray(String[]::new));
    }

    private static JsonNode checkpoints(Run done) {
        return JsonMapper.shared().readTree(done.out()).path("result").path("checkpoints");
    }

    private static Map<Path, String> state(Path folder) throws IOException {
        Map<Path, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(file, Files.size(file) + " " + Files.getLastModifiedTime(file));
            }
        }
        return files;
    }

    @Test
    void eachCheckpointIsSampledOnceAndTheRunIsNotTouched() throws IOException {
        Resources.copy(CHECKPOINT, run.resolve("checkpoint-100"));
        Resources.copy(CHECKPOINT, run.resolve("checkpoint-200"));
        Files.createDirectories(run.resolve("checkpoint-300"));
        Resources.copy(CHECKPOINT.resolve("latest"), run.resolve("checkpoint-300/latest"));
        Map<Path, String> before = state(run);

        Run first = watch(BASE, "--json");

        assertThat(first.exit()).as(first.err()).isEqualTo(ExitCode.DONE);
        JsonNode found = checkpoints(first);
        assertThat(found.valueStream().map(one -> one.path("state").stringValue()))
                .containsExactly("done", "done", "unfinished");
        assertThat(found.get(0).path("training").path("step").intValue()).isEqualTo(3);
        assertThat(found.get(0).path("from_base").path("relative_change").doubleValue())
                .isPositive();
        assertThat(found.get(1).path("from_previous").path("against").stringValue())
                .isEqualTo("checkpoint-100");
        assertThat(found.get(1).path("from_previous").path("relative_change").doubleValue())
                .isZero();
        assertThat(report.resolve("videos/checkpoint-200/2.mp4")).isNotEmptyFile();
        assertThat(report.resolve("index.html")).isNotEmptyFile();
        // The same weights, prompts and seeds make the same videos.
        assertThat(report.resolve("videos/checkpoint-200/2.mp4"))
                .hasSameBinaryContentAs(report.resolve("videos/checkpoint-100/2.mp4"));
        assertThat(state(run)).isEqualTo(before);

        Map<Path, String> videos = state(report.resolve("videos"));
        Resources.copy(CHECKPOINT.resolve("pytorch_model"), run.resolve("checkpoint-300/pytorch_model"));
        Files.move(run.resolve("checkpoint-100"), folder.resolve("elsewhere"));
        Run again = watch(BASE, "--json");

        assertThat(checkpoints(again).valueStream().map(one -> one.path("state").stringValue()))
                .containsExactly("done", "done", "done");
        assertThat(checkpoints(again).get(0).path("deleted").booleanValue()).isTrue();
        assertThat(state(report.resolve("videos"))).containsAllEntriesOf(videos);

        Files.move(run.resolve("checkpoint-200"), folder.resolve("elsewhere too"));
        Run last = watch(BASE);
        assertThat(last.err() + last.out())
                .as("what an earlier watch told is not told again")
                .contains("checkpoint-200 was deleted from the run")
                .doesNotContain("checkpoint-200: 2 videos");
    }

    @Test
    void aReportIsContinuedWithItsOwnSettingsOnly() throws IOException {
        Resources.copy(CHECKPOINT, run.resolve("checkpoint-100"));
        assertThat(watch(BASE, "--height", "48", "--width", "80").exit()).isEqualTo(ExitCode.DONE);
        byte[] before = Files.readAllBytes(report.resolve("report.json"));

        assertRefused("height", "48 instead of 32", "--height", "32", "--width", "80");
        assertRefused("width 80", "not given", "--height", "48");
        assertRefused("num_frames", "without", "--height", "48", "--width", "80", "--num-frames", "5");
        assertRefused("num_inference_steps", "50", "--height", "48", "--width", "80", "--num-inference-steps", "3");
        assertRefused("scheduler", "without", "--height", "48", "--width", "80", "--scheduler", "ddim");
        assertRefused("dtype", "fp32", "--height", "48", "--width", "80", "--dtype", "fp32");
        assertRefused("negative_prompt", "blurry", "--height", "48", "--width", "80", "--negative-prompt", "blurry");

        assertThat(report.resolve("report.json")).hasBinaryContent(before);
        assertThat(watch(BASE, "--height", "48", "--width", "80", "--threads", "1")
                        .exit())
                .isEqualTo(ExitCode.DONE);
    }

    private void assertRefused(String field, String value, Object... options) {
        Run refused = watch(BASE, options);
        assertThat(refused.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(refused.err().lines().toList()).hasSize(1);
        assertThat(refused.err()).contains(field, value);
    }

    @Test
    void brokenWeightsEndTheWatchWithAStopFile() throws IOException {
        Path weights = run.resolve("checkpoint-100/transformer");
        Resources.copy(BASE.resolve("transformer"), weights);
        try (RandomAccessFile file = new RandomAccessFile(
                weights.resolve("diffusion_pytorch_model.safetensors").toFile(), "rw")) {
            file.seek(file.length() - 4);
            file.writeInt(-1);
        }

        Run done = watch(BASE, "--fail-on", "nan");

        assertThat(done.exit()).as(done.err()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(done.out()).contains("checkpoint-100: alarm: 1 tensor holds NaN");
        assertThat(report.resolve("videos")).as("the weights tell enough").doesNotExist();
        assertThat(report.resolve("STOP")).content().startsWith("checkpoint-100: nan: 1 tensor holds NaN");

        Run told = watch(BASE);
        assertThat(told.exit()).as("without --fail-on it goes on").isEqualTo(ExitCode.DONE);
    }

    @Test
    void adaptersAreSampledOnTheirBase() throws IOException {
        Path base = Resources.golden("pipelines/t2v-5b");
        Files.createDirectories(run.resolve("checkpoint-5"));
        Resources.copy(
                Resources.golden("lora/t2v-5b_r4_alpha8meta.safetensors"),
                run.resolve("checkpoint-5/pytorch_lora_weights.safetensors"));
        Resources.copy(Resources.golden("lora/t2v-5b_r4.safetensors"), run.resolve("checkpoint-9.safetensors"));

        Run done = watch(base, "--json");

        assertThat(done.exit()).as(done.err()).isEqualTo(ExitCode.DONE);
        assertThat(checkpoints(done).valueStream().map(one -> one.path("state").stringValue()))
                .as(done.out())
                .containsExactly("done", "done");
        assertThat(checkpoints(done)
                        .get(1)
                        .path("from_base")
                        .path("relative_change")
                        .doubleValue())
                .isPositive();
        assertThat(report.resolve("videos/checkpoint-5/1.mp4")).isNotEmptyFile();
    }

    @Test
    void whatCannotBeWatchedIsRefusedBeforeAnythingIsWritten() throws IOException {
        Resources.copy(CHECKPOINT, run.resolve("checkpoint-100"));
        report = run.resolve("report");
        assertThat(watch(BASE).exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(report).doesNotExist();
        report = folder.resolve("report");
        assertThat(watch(BASE, "--memory-limit", "1KB").exit()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(watch(BASE, "--stop-file", folder.resolve("stop")).exit()).isEqualTo(ExitCode.USAGE);
        assertThat(watch(BASE, "--full", "--smoke").exit()).isEqualTo(ExitCode.USAGE);
        assertThat(watch(folder).exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(report).doesNotExist();
    }
}
