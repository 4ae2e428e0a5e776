package io.github.cogvideo4j.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {
    @Test
    void theDetailStandsApartFromTheSpeed() {
        ByteArrayOutputStream drawn = new ByteArrayOutputStream();
        ProgressDisplay display = new ProgressDisplay(
                Duration.ofNanos(-1),
                new PrintStream(drawn, true, StandardCharsets.UTF_8),
                "steps",
                5,
                Progress.Unit.ITEMS);
        display.detail("0.02 s");
        display.advance(1);
        // Closing draws the last state.
        display.close();
        assertThat(drawn.toString(StandardCharsets.UTF_8)).contains(" 0.02 s").doesNotContain("/s0.02 s");
    }
}
