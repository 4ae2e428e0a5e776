package io.github.cogvideo4j.inference.internal.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which devices there are, on a machine that has any number of cards.
class ComputeDeviceTest {
    @ParameterizedTest
    @CsvSource({"cuda, 1", "cuda:0, 1", "cuda:1, 2", "cuda:7, 8"})
    void aCardThatIsThereIsTaken(String name, int cards) {
        assertThatCode(() -> new ComputeDevice(name).requireCard(cards)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "cuda:1, 1, '1 CUDA device(s) here, numbered 0 to 0'",
        "cuda:2, 2, '2 CUDA device(s) here, numbered 0 to 1'",
        "cuda:999, 8, '8 CUDA device(s) here, numbered 0 to 7'",
        "cuda, 0, libtorch finds no usable CUDA device",
        "cuda:3, 0, libtorch finds no usable CUDA device"
    })
    void aCardBeyondThoseThatAreThereIsRefusedWithTheirNumber(String name, int cards, String part) {
        assertThatThrownBy(() -> new ComputeDevice(name).requireCard(cards))
                .isInstanceOfSatisfying(MissingCapabilityException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.DEVICE);
                    assertThat(e.problem().message().text())
                            .startsWith(name + " was requested")
                            .contains(part);
                });
    }
}
