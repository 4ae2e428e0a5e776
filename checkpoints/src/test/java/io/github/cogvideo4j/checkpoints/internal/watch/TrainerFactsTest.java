package io.github.cogvideo4j.checkpoints.internal.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What distributed checkpoints tell of their training. The expected numbers are those in their pickles, as Python's
/// own `pickletools` shows them.
class TrainerFactsTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "finetrainers-run/output/finetrainers_step_10, 0.01,                 0.5",
        "cogkit-sft-w2/output/checkpoint-2,            0.008535533905932736, ",
    })
    void scheduleOptimizerAndTrainersStateAreRead(String checkpoint, double rate, Double loss) throws IOException {
        TrainerFacts facts = facts(Resources.fixture(checkpoint));
        assertThat(facts.learningRate()).isEqualTo(OptionalDouble.of(rate));
        assertThat(facts.loss()).isEqualTo(loss == null ? OptionalDouble.empty() : OptionalDouble.of(loss));
    }

    /// The weights are what matters.
    @Test
    void damagedValuesTellNothing() throws IOException {
        Path checkpoint = folder.resolve("finetrainers_step_10");
        Resources.copy(Resources.fixture("finetrainers-run/output/finetrainers_step_10"), checkpoint);
        Path file = checkpoint.resolve("__0_0.distcp");
        byte[] bytes = Files.readAllBytes(file);
        // The losses are the first thing in this file.
        Arrays.fill(bytes, 0, 2_600, (byte) 0);
        Files.write(file, bytes);
        TrainerFacts facts = facts(checkpoint);
        assertThat(facts.loss()).isEmpty();
        assertThat(facts.learningRate()).hasValue(0.01);
    }

    private static TrainerFacts facts(Path checkpoint) throws IOException {
        return TrainerFacts.of(
                checkpoint, Checkpoints.open(checkpoint, SourceOptions.defaults()), OptionalLong.empty());
    }
}
