package io.github.cogvideo4j.inference.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.watch.WatchRequest.FailOn;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WatchRequestTest {
    private static final GenerationRequest SAMPLING = GenerationRequest.of(
                    absolute("model"), "a cat", absolute("output.mp4"))
            .withTrial(true);

    private static Path absolute(String name) {
        return Path.of(name).toAbsolutePath();
    }

    @Test
    void isReadAsItWasWritten() {
        WatchRequest usual = WatchRequest.of(Path.of("outputs"), SAMPLING, Path.of("report"));
        WatchRequest full = new WatchRequest(
                Path.of("outputs"),
                SAMPLING.withTrial(false),
                Path.of("report"),
                Set.of(FailOn.NAN, FailOn.DIVERGENCE),
                Optional.of(Path.of("stop")),
                true,
                Duration.ofMillis(2500),
                OptionalLong.of(8_000_000_000L),
                false);

        assertThat(WatchRequest.read(usual.toJson())).isEqualTo(usual);
        assertThat(WatchRequest.read(full.toJson())).isEqualTo(full);
        assertThatThrownBy(() -> WatchRequest.read(usual.toJson().put("often", true)))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void divergenceIsNanToo() {
        assertThat(FailOn.NAN.meets(AlarmKind.INFINITE)).isTrue();
        assertThat(FailOn.NAN.meets(AlarmKind.DIVERGENCE)).isFalse();
        assertThat(FailOn.DIVERGENCE.meets(AlarmKind.NAN)).isTrue();
        assertThat(FailOn.DIVERGENCE.meets(AlarmKind.VIDEO)).isFalse();
    }

    @Test
    void intervalsAreBounded() {
        WatchRequest usual = WatchRequest.of(Path.of("outputs"), SAMPLING, Path.of("report"));

        assertThatThrownBy(() -> usual.withInterval(Duration.ZERO)).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> usual.withInterval(Duration.ofDays(2))).isInstanceOf(InvalidRequestException.class);
    }
}
