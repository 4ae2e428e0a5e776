package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `cogvideo prune`, as someone sees it whose disk is full.
class PruneCommandTest {
    @TempDir
    private Path folder;

    private Path training;

    @BeforeEach
    void makeRun() throws IOException {
        training = folder.resolve("outputs");
        for (int step : List.of(9, 10)) {
            Resources.copy(
                    Resources.fixture("zero2-multi-bf16-w2/output/checkpoint-" + step),
                    training.resolve("checkpoint-" + step));
        }
        Resources.copy(
                Resources.fixture("zero2-multi-bf16-w2/output/checkpoint-10"), training.resolve("checkpoint-11"));
    }

    private static Run run(Object... arguments) {
        return Run.of(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    }

    private static JsonNode result(Run run) {
        return JsonMapper.shared().readTree(run.out()).get("result");
    }

    @Test
    void firstTheCostsThenThePlanThenTheDeedThenTheDisk() {
        Run costs = run("prune", training);
        assertThat(costs.exit()).as(costs.err()).isEqualTo(ExitCode.DONE);
        assertThat(costs.out()).contains("checkpoint-9", "optimizer", "give --keep");
        Run plan = run("prune", training, "--keep", "last:1,step:10");
        assertThat(plan.out()).contains("1 checkpoint (", "--apply does it");
        assertThat(training.resolve("checkpoint-9")).exists();
        assertThat(folder.resolve("outputs-trash")).doesNotExist();

        Run done = run("prune", training, "--keep", "last:1,step:10", "--apply");
        assertThat(done.exit()).as(done.err()).isEqualTo(ExitCode.DONE);
        assertThat(done.out()).contains("no training can go on from checkpoint-9");
        assertThat(training.resolve("checkpoint-9")).doesNotExist();
        assertThat(training.resolve("checkpoint-10")).exists();
        assertThat(run(
                                "verify",
                                folder.resolve("outputs-weights/checkpoint-9"),
                                "--against",
                                folder.resolve("outputs-trash/checkpoint-9"))
                        .exit())
                .isEqualTo(ExitCode.DONE);

        Run emptied = run("prune", training, "--empty", "--apply", "--json");
        assertThat(result(emptied).get("pruned").get(0).asString()).isEqualTo("checkpoint-9");
        assertThat(folder.resolve("outputs-trash/checkpoint-9")).doesNotExist();
    }

    /// A training of a LoRA saves the whole model with every checkpoint.
    @Test
    void adaptersGoOnceTheirModelIsNamed() throws IOException {
        Path adapters = folder.resolve("lora");
        Path checkpoint = Resources.fixture("lora-zero2-bf16-w2/output/checkpoint-3");
        Resources.copy(checkpoint, adapters.resolve("checkpoint-3"));
        Resources.copy(checkpoint, adapters.resolve("checkpoint-4"));
        assertThat(run("prune", adapters, "--keep", "last:1").out()).contains("name the model that was fine-tuned");
        Path base = Resources.fixture("lora-zero2-bf16-w2/base");
        Run done = run("prune", adapters, "--keep", "last:1", "--base", base, "--to", "weights", "--apply");
        assertThat(done.exit()).as(done.err()).isEqualTo(ExitCode.DONE);
        Path kept = folder.resolve("lora-weights/checkpoint-3");
        assertThat(run("lora", "inspect", kept, "--base", base).exit()).isEqualTo(ExitCode.DONE);

        Path trashed = folder.resolve("lora-trash/checkpoint-3");
        Run proven = run("verify", kept, "--against", trashed);
        assertThat(proven.exit()).as(proven.err()).isEqualTo(ExitCode.DONE);
        Run left = run("prune", adapters, "--empty", "--apply");
        assertThat(left.exit()).as(left.err()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(left.out()).contains("--base").doesNotContain("deleted 0");
        assertThat(trashed).exists();
        assertThat(run("prune", adapters, "--empty", "--apply", "--base", base).exit())
                .isEqualTo(ExitCode.DONE);
        assertThat(folder.resolve("lora-trash/checkpoint-3")).doesNotExist();
    }

    /// What its bytes are for does not change by a checkpoint's move.
    @Test
    void aCheckpointCostsTheSameInTheTrash() throws IOException {
        Path run = folder.resolve("costs");
        Path checkpoint = Resources.fixture("lora-zero2-bf16-w2/output/checkpoint-3");
        Resources.copy(checkpoint, run.resolve("checkpoint-3"));
        Resources.copy(checkpoint, run.resolve("checkpoint-4"));
        Path base = Resources.fixture("lora-zero2-bf16-w2/base");
        JsonNode before = result(run("prune", run, "--json")).get("checkpoints").get(0);
        run("prune", run, "--keep", "last:1", "--base", base, "--apply");
        JsonNode after = result(run("prune", run, "--empty", "--base", base, "--json"))
                .get("checkpoints")
                .get(0);
        for (String kind : List.of("weights_bytes", "optimizer_bytes", "other_bytes")) {
            assertThat(after.get(kind)).as(kind).isEqualTo(before.get(kind));
        }
    }

    @Test
    void pathsAreToldAsTheyWereTyped() {
        Path here = Path.of("").toAbsolutePath();
        Run done = run("prune", here.relativize(training), "--keep", "last:1", "--apply");
        assertThat(done.exit()).as(done.err()).isEqualTo(ExitCode.DONE);
        assertThat(done.out())
                .contains(here.relativize(folder.resolve("outputs-trash")) + "")
                .doesNotContain(" " + here.getRoot());
        Run again = run("prune", here.relativize(training), "--empty");
        assertThat(again.out()).contains("2 checkpoints").doesNotContain(" " + here.getRoot());
    }

    @Test
    void theBestStepIsThatOfTheScores() throws IOException {
        Path scores = folder.resolve("scores.json");
        Files.writeString(scores, """
                {"exitCode": 0, "result": {"videos": [
                  {"path": "samples/step-9/cat.mp4", "temporal_flickering": 0.99, "measures": {}},
                  {"path": "samples/step-9/dog.mp4", "temporal_flickering": 0.97, "measures": {}},
                  {"path": "samples/step-10/cat.mp4", "temporal_flickering": 0.96, "measures": {}}]}}
                """);
        Run plan = run("prune", training, "--keep", "best:flicker", "--scores", scores, "--json");
        assertThat(plan.exit()).as(plan.err()).isEqualTo(ExitCode.DONE);
        JsonNode checkpoints = result(plan).get("checkpoints");
        assertThat(checkpoints.get(0).get("name").asString()).isEqualTo("checkpoint-9");
        assertThat(checkpoints.get(0).get("fate").asString()).isEqualTo("kept");
        assertThat(checkpoints.get(1).get("fate").asString()).isEqualTo("goes");
        assertThat(checkpoints.get(2).get("fate").asString()).isEqualTo("kept");
        assertThat(run("prune", training, "--keep", "best:psnr", "--scores", scores)
                        .err())
                .contains("psnr");
    }

    /// A checkpoint whose videos are broken is not the best, however steady they are.
    @Test
    void theBestStepIsThatOfAWatch() throws IOException {
        WatchReport report = new WatchReport(
                "outputs",
                "base",
                0,
                false,
                List.of("a cat"),
                new LinkedHashMap<>(),
                List.of(
                        watched(9, 0.96, Set.of()),
                        watched(10, 1, Set.of(VideoSymptom.BLACK)),
                        watched(11, 0.95, Set.of())));
        Path file = folder.resolve("report.json");
        Files.writeString(file, report.json().toString());
        JsonNode plan = result(run("prune", training, "--keep", "best:flicker", "--scores", file, "--json"));
        assertThat(plan.get("checkpoints").get(0).get("fate").asString()).isEqualTo("kept");
        assertThat(plan.get("checkpoints").get(1).get("fate").asString()).isEqualTo("goes");
        usage("psnr", "prune", training, "--keep", "best:psnr", "--scores", file);
    }

    private static WatchedCheckpoint watched(long step, double steadiness, Set<VideoSymptom> symptoms) {
        return WatchedCheckpoint.fresh(
                        "checkpoint-" + step, "checkpoint-", step, State.DONE, Optional.empty(), Optional.empty())
                .withSamples(List.of(new Sample(
                        0, "videos/" + step + ".mp4", Map.of(Score.TEMPORAL_FLICKERING, steadiness), symptoms)));
    }

    @Test
    void wrongUsageIsOneLineAndChangesNothing() {
        usage("last:N", "prune", training, "--keep", "newest");
        usage("last:N", "prune", training, "--keep", "last:0");
        usage("last:N", "prune", training, "--keep", "best:beauty");
        usage("--scores", "prune", training, "--keep", "best:flicker");
        usage("--keep", "prune", training, "--apply");
        usage("--keep", "prune", training, "--keep", "last:1", "--empty");
        usage("nothing", "prune", training, "--keep", "last:1", "--to", "nothing");
        assertThat(run("prune", folder.resolve("absent")).exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run("prune", training.resolve("checkpoint-9")).exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run("prune", training, "--keep", "last:1", "--output", training.resolve("w"))
                        .exit())
                .isEqualTo(ExitCode.BAD_INPUT);
        assertThat(training.resolve("checkpoint-9/latest")).exists();
    }

    private static void usage(String words, Object... arguments) {
        Run run = run(arguments);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(words);
    }
}
