package io.github.cogvideo4j.cli.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.video.Video;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationTimeTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @ParameterizedTest
    @CsvSource({
        "EN, 'about 74 minutes for the 49 steps that are left, at 90.5 s a step; decoding comes after them'",
        "ZH, 剩余 49 步约需 74 分钟（每步 90.5 秒），之后还要解码"
    })
    void theFirstStepTellsTheMinutesOnce(Language language, String sentence) {
        try (GenerationDisplay display = display(language)) {
            display.on(step(1, 50, Duration.ofMillis(90_500)));
            display.on(step(2, 50, Duration.ofMillis(80_000)));
        }

        assertThat(err.toString(UTF_8)).containsOnlyOnce(sentence).doesNotContain("48");
    }

    @Test
    void whatIsDoneWithinAMinuteIsNotAnnounced() {
        try (GenerationDisplay display = display(Language.EN)) {
            display.on(step(1, 50, Duration.ofMillis(100)));
        }

        assertThat(err.toString(UTF_8)).isEmpty();
    }

    private GenerationDisplay display(Language language) {
        Terminal terminal = Terminal.of(OutputStream.nullOutputStream(), err, UTF_8);
        return new GenerationDisplay(new Console(terminal, Map.of(), language, false, false), Optional.empty());
    }

    private static GenerationEvent step(int number, int count, Duration elapsed) {
        return new GenerationEvent.Stepped(new GenerationStep() {
            @Override
            public int number() {
                return number;
            }

            @Override
            public int count() {
                return count;
            }

            @Override
            public double timestep() {
                return 999;
            }

            @Override
            public int round() {
                return 0;
            }

            @Override
            public Duration elapsed() {
                return elapsed;
            }

            @Override
            public HostTensor latents() {
                throw new UnsupportedOperationException();
            }

            @Override
            public Video preview() {
                throw new UnsupportedOperationException();
            }
        });
    }
}
