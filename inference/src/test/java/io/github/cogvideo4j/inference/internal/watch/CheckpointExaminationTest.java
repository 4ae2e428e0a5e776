package io.github.cogvideo4j.inference.internal.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointExaminationTest {
    private static final Path CHECKPOINT = Resources.fixture("sample-t2v-2b/output/checkpoint-3");

    @TempDir
    private Path folder;

    private static final class Killed extends Error {}

    /// The checkpoint before may be deleted at any moment, and its half is no failure of this one.
    @Test
    void theOneBeforeMayBeHalfDeleted() throws IOException {
        Path before = folder.resolve("checkpoint-2");
        Resources.copy(Resources.golden("pipelines/t2v-2b").resolve("transformer"), before.resolve("transformer"));
        Files.delete(before.resolve("transformer/config.json"));
        GenerationRequest sampling = GenerationRequest.of(
                        Resources.golden("pipelines/t2v-2b"), "a cat", Path.of("output.mp4"))
                .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)))
                .withTrial(true);
        WatchReport report =
                new WatchReport("run", "base", 42, false, List.of("a cat"), Collections.emptySortedMap(), List.of());
        try (ReportFolder out = ReportFolder.take(folder.resolve("report"))) {
            WatchedCheckpoint done = new CheckpointExamination(sampling, out, () -> report)
                    .examine(
                            WatchedCheckpoint.fresh(
                                    "checkpoint-3",
                                    "checkpoint-N",
                                    3,
                                    State.WAITING,
                                    Optional.empty(),
                                    Optional.empty()),
                            CHECKPOINT,
                            Optional.of(new CheckpointWork.Before("checkpoint-2", before)),
                            _ -> {},
                            JobControl.none());

            assertThat(done.state()).isEqualTo(State.DONE);
            assertThat(done.base()).isPresent();
            assertThat(done.previous()).isEmpty();
        }
    }

    /// What was done before a kill is not done again, and what comes after is what it would have been.
    @Test
    void goesOnWithThePromptThatIsMissing() throws IOException {
        GenerationRequest sampling = GenerationRequest.of(
                        Resources.golden("pipelines/t2v-2b"), "", Path.of("output.mp4"))
                .withPrompts(GenerationKind.T2V, List.of(new PromptInput("a cat"), new PromptInput("a dog")))
                .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)))
                .withTrial(true);
        WatchedCheckpoint fresh = WatchedCheckpoint.fresh(
                "checkpoint-3", "checkpoint-N", 3, State.WAITING, Optional.empty(), Optional.empty());
        WatchReport report = new WatchReport(
                "run", "base", 42, false, List.of("a cat", "a dog"), Collections.emptySortedMap(), List.of());
        try (ReportFolder out = ReportFolder.take(folder.resolve("report"));
                ReportFolder other = ReportFolder.take(folder.resolve("other"))) {
            List<WatchedCheckpoint> kept = new ArrayList<>();
            CheckpointExamination work = new CheckpointExamination(sampling, out, () -> report);
            assertThatThrownBy(() -> work.examine(
                            fresh,
                            CHECKPOINT,
                            Optional.empty(),
                            sofar -> {
                                kept.add(sofar);
                                if (!sofar.samples().isEmpty()) {
                                    throw new Killed();
                                }
                            },
                            JobControl.none()))
                    .isInstanceOf(Killed.class);
            assertThat(kept).hasSize(2);
            assertThat(kept.getFirst().base()).isPresent();
            Path first = out.file("videos/checkpoint-3/1.mp4");
            Object written = Files.getLastModifiedTime(first);

            WatchedCheckpoint done =
                    work.examine(kept.getLast(), CHECKPOINT, Optional.empty(), _ -> {}, JobControl.none());

            assertThat(done.state()).isEqualTo(State.DONE);
            assertThat(done.samples()).extracting(Sample::prompt).containsExactly(0, 1);
            assertThat(done.samples())
                    .allMatch(sample -> sample.value(Score.BLUR).isPresent());
            assertThat(Files.getLastModifiedTime(first)).isEqualTo(written);
            WatchedCheckpoint atOnce = new CheckpointExamination(sampling, other, () -> report)
                    .examine(fresh, CHECKPOINT, Optional.empty(), _ -> {}, JobControl.none());
            assertThat(atOnce).isEqualTo(done);
            assertThat(other.file("videos/checkpoint-3/2.mp4"))
                    .hasSameBinaryContentAs(out.file("videos/checkpoint-3/2.mp4"));
        }
    }
}
