package io.github.cogvideo4j.checkpoints.internal.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.CheckpointWeights;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Complete;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Sighting;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Unfinished;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Unusable;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which checkpoints of a run are complete.
class RunWatchTest {
    private static final Duration SETTLE = Duration.ofSeconds(10);

    @TempDir
    private Path folder;

    private long now;
    private Optional<Path> written = Optional.empty();

    private RunWatch watch(Path run) {
        TrainerActivity activity = new TrainerActivity() {
            @Override
            public Optional<Writer> writer(Path at) {
                return written.map(file -> new Writer(1, file));
            }

            @Override
            public void waitForChanges() {}
        };
        return new RunWatch(run, activity, () -> now, InstantSource.fixed(Instant.EPOCH), SETTLE);
    }

    private List<Sighting> look(RunWatch watch, int seconds) throws IOException {
        now += Duration.ofSeconds(seconds).toNanos();
        return watch.look(_ -> false).sightings();
    }

    private static String told(List<Sighting> sightings) {
        return sightings.stream().map(RunWatchTest::told).collect(Collectors.joining(" "));
    }

    private static String told(Sighting sighting) {
        return sighting.checkpoint().name() + "="
                + switch (sighting) {
                    case Complete complete ->
                        complete.weights() instanceof CheckpointWeights.Adapter ? "adapter" : "whole";
                    case Unfinished _ -> "unfinished";
                    case Unusable unusable -> unusable.problem().code().id();
                };
    }

    /// Whatever trainer wrote them, complete checkpoints are seen as such, and others are not.
    @ParameterizedTest
    @CsvSource({
        "zero2-multi-bf16-w2/output, checkpoint-9=whole checkpoint-10=whole",
        "ddp-bf16-w2/output, checkpoint-3=whole",
        "zero3-bf16-w2/output, checkpoint-3=whole",
        "cogkit-sft-run/output, checkpoint-2=whole checkpoint-3=unfinished",
        "cogkit-lora-w2/output, checkpoint-2=adapter",
        "cogkit-qlora-w1/output, checkpoint-2=adapter",
        "finetrainers-run/output, finetrainers_step_10=whole finetrainers_step_20=unfinished",
        "finetrainers-lora-run/output, finetrainers_step_20=adapter",
        "diffusion-pipe-full-w2/output, epoch1=whole",
        "diffusion-pipe-lora-w2/output, epoch1=adapter epoch2=adapter",
        "videoxfun-full-ema/output, checkpoint-2=whole checkpoint-4=unfinished",
        "videoxfun-zero2-w2/output, checkpoint-2=whole",
        "videoxfun-fsdp-w2/output, checkpoint-2=whole",
        "videoxfun-lora/output, checkpoint-3.safetensors=adapter",
        "videoxfun-lora-state/output, checkpoint-2=adapter",
        "lora-zero2-bf16-w2/output, checkpoint-3=adapter",
        "lora-ddp-bf16-w2/output, checkpoint-3=adapter",
        "sat-2b/input, 1=whole"
    })
    void completeOnesAreSeen(String run, String expected) throws IOException {
        RunWatch watch = watch(Resources.fixture(run));
        assertThat(told(look(watch, 0))).doesNotContain("=whole", "=adapter");
        look(watch, 10);
        assertThat(told(look(watch, 100))).isEqualTo(expected);
    }

    @Test
    void whatIsWrittenIsNotComplete() throws IOException {
        Path checkpoint = Files.createDirectories(folder.resolve("run/checkpoint-3"));
        Path file = checkpoint.resolve("model.safetensors");
        Resources.copy(Resources.fixture("ddp-bf16-w2/output/checkpoint-3/model.safetensors"), file);
        RunWatch watch = watch(folder.resolve("run"));

        assertThat(told(look(watch, 0))).isEqualTo("checkpoint-3=unfinished");
        assertThat(told(look(watch, 9))).isEqualTo("checkpoint-3=unfinished");
        written = Optional.of(file);
        assertThat(told(look(watch, 1))).isEqualTo("checkpoint-3=unfinished");
        written = Optional.empty();
        assertThat(told(look(watch, 0))).isEqualTo("checkpoint-3=whole");

        // accelerate writes the optimizer after the model, and its random states last.
        Files.writeString(checkpoint.resolve("optimizer.bin"), "");
        assertThat(told(look(watch, 0))).isEqualTo("checkpoint-3=unfinished");
        assertThat(told(look(watch, 99))).isEqualTo("checkpoint-3=unfinished");
        assertThat(told(look(watch, 1))).isEqualTo("checkpoint-3=whole");
        Files.writeString(checkpoint.resolve("random_states_0.pkl"), "");
        look(watch, 0);
        assertThat(told(look(watch, 10))).isEqualTo("checkpoint-3=whole");
    }

    @Test
    void theTagThatLatestNamesIsTheNewestCompleteOne() throws IOException {
        Path run = Files.createDirectories(folder.resolve("run"));
        Path state = Resources.fixture("zero2-multi-bf16-w2/output/checkpoint-9/pytorch_model");
        Resources.copy(state, run.resolve("global_step9"));
        Resources.copy(state, run.resolve("global_step10"));
        Files.writeString(run.resolve("latest"), "global_step9");
        RunWatch watch = watch(run);

        look(watch, 0);
        assertThat(told(look(watch, 1000))).isEqualTo("global_step9=whole global_step10=unfinished");
        Files.writeString(run.resolve("latest"), "global_step10");
        assertThat(told(look(watch, 0))).isEqualTo("global_step9=whole global_step10=whole");
    }

    @Test
    void whatTheOneBeforeHasIsWaitedFor() throws IOException {
        Path run = Files.createDirectories(folder.resolve("run"));
        Path checkpoint = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        Resources.copy(checkpoint, run.resolve("checkpoint-3"));
        Resources.copy(checkpoint, run.resolve("checkpoint-6"));
        Files.delete(run.resolve("checkpoint-6/random_states_0.pkl"));
        Files.delete(run.resolve("checkpoint-6/random_states_1.pkl"));
        RunWatch watch = watch(run);

        look(watch, 0);
        assertThat(told(look(watch, 10))).isEqualTo("checkpoint-3=whole checkpoint-6=unfinished");
        assertThat(told(look(watch, 90))).isEqualTo("checkpoint-3=whole checkpoint-6=whole");
    }

    @Test
    void whatLooksDamagedMayOnlyBeHalfWritten() throws IOException {
        Path checkpoint = Files.createDirectories(folder.resolve("run/checkpoint-3"));
        Files.write(checkpoint.resolve("model.safetensors"), new byte[] {2, 0, 0, 0, 0, 0, 0, 0, 'x', 'y'});
        RunWatch watch = watch(folder.resolve("run"));

        look(watch, 0);
        assertThat(told(look(watch, 99))).isEqualTo("checkpoint-3=unfinished");
        assertThat(told(look(watch, 1))).startsWith("checkpoint-3=").doesNotContain("unfinished");
    }
}
