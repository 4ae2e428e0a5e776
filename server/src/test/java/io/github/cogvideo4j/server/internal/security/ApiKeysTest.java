package io.github.cogvideo4j.server.internal.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Keys, seals and rates.
class ApiKeysTest {
    private static final String SECRET = "0123456789abcdef";

    private static ApiKeys keys(String text) {
        return ApiKeys.parse(text, Path.of("keys"));
    }

    @Test
    void aKeyHasAName() {
        ApiKeys keys = keys("# ours\n\nann: " + SECRET + "\nbob:bob-" + SECRET + ":with:colons\n");
        assertThat(keys.owner(SECRET)).contains("ann");
        assertThat(keys.owner("bob-" + SECRET + ":with:colons")).contains("bob");
        assertThat(keys.owner(SECRET + "0")).isEmpty();
        assertThat(keys.owner("")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "# none",
                "ann",
                "ann:short",
                ":0123456789abcdef",
                "a b:0123456789abcdef",
                "ann:0123456789 abcdef"
            })
    void aLineThatIsNoneIsToldWithoutIt(String text) {
        assertThatThrownBy(() -> keys(text))
                .isInstanceOf(InvalidRequestException.class)
                .message()
                .doesNotContain("0123456789");
    }

    @Test
    void aNameComesOnce() {
        assertThatThrownBy(() -> keys("ann:" + SECRET + "\nann:x" + SECRET)).hasMessageContaining("ann");
    }

    @Test
    void aSealEndsWithItsTimeItsPurposeAndItsKey() {
        Instant now = Instant.ofEpochSecond(1_000);
        byte[] secret = new byte[32];
        ApiKeys keys = keys("ann:" + SECRET);
        String sealed = new Seal(secret, keys, Clock.fixed(now, ZoneOffset.UTC)).seal("session", "ann", 60);
        assertThat(new Seal(secret, keys, Clock.fixed(now.plusSeconds(59), ZoneOffset.UTC)).owner("session", sealed))
                .contains("ann");
        assertThat(new Seal(secret, keys, Clock.fixed(now.plusSeconds(60), ZoneOffset.UTC)).owner("session", sealed))
                .isEmpty();
        assertThat(new Seal(secret, keys, Clock.fixed(now, ZoneOffset.UTC)).owner("/x?video", sealed))
                .isEmpty();
        assertThat(new Seal(secret, keys("ann:other" + SECRET), Clock.fixed(now, ZoneOffset.UTC))
                        .owner("session", sealed))
                .isEmpty();
        assertThat(new Seal(new byte[] {1}, keys, Clock.fixed(now, ZoneOffset.UTC)).owner("session", sealed))
                .isEmpty();
    }

    @Test
    void aRateIsFilledEvenly() {
        AtomicLong nanos = new AtomicLong();
        Rates rates = new Rates(60, nanos::get);
        for (int i = 0; i < 60; i++) {
            assertThat(rates.take("ann")).isEmpty();
        }
        assertThat(rates.take("ann")).contains(Duration.ofSeconds(1));
        assertThat(rates.take("bob")).isEmpty();
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThat(rates.take("ann")).isEmpty();
        assertThat(rates.take("ann")).isEmpty();
        assertThat(rates.take("ann")).isPresent();
    }
}
