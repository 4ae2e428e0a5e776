package io.github.cogvideo4j.formats.internal.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.cogvideo4j.formats.Expectation;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BrokenSafetensorsTest {
    static Stream<Expectation> cases() {
        return Expectation.broken("st-");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyBrokenFileIsRefusedWithTheCodeAndWordsOfItsCase(Expectation expected) {
        Path file = expected.input().resolve("model.safetensors");
        FormatException refusal = catchThrowableOfType(
                FormatException.class, () -> SafetensorsFile.open(file, Strictness.LENIENT, new Warnings()));
        assertThat(refusal).isNotNull();
        expected.check(refusal.problem());
        assertThat(refusal.problem().place().file()).isEqualTo(Optional.of(file));
    }
}
