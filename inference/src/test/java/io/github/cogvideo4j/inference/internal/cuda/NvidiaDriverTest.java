package io.github.cogvideo4j.inference.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.internal.cuda.NvidiaDriver.Card;
import io.github.cogvideo4j.inference.internal.cuda.NvidiaDriver.State;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NvidiaDriverTest {
    private static final Card FIRST = new Card("A card", 141L << 30, 9, 0);
    private static final Card SECOND = new Card("Another, of another make", 24L << 30, 8, 6);

    @Test
    void cardsAreAskedByTheirOwnNumbers() {
        assertThat(PretendedDriver.of(13_010, FIRST, SECOND).ask())
                .isEqualTo(new NvidiaDriver(State.PRESENT, 0, 13_010, List.of(FIRST, SECOND)));
    }

    @Test
    void withoutALibraryTheKernelTellsAContainerFromAMachineWithoutADriver() {
        assertThat(NvidiaDriver.ask(Optional::empty, false).state()).isEqualTo(State.ABSENT);
        assertThat(NvidiaDriver.ask(Optional::empty, true).state()).isEqualTo(State.KERNEL_ONLY);
    }

    @Test
    void aDriverThatDoesNotStartIsAskedNothingFurther() {
        assertThat(new PretendedDriver(803, 12_040, List.of(FIRST)).ask())
                .isEqualTo(new NvidiaDriver(State.REFUSES, 803, 12_040, List.of()));
    }

    @Test
    void noCardIsNoFailureOfTheDriver() {
        assertThat(new PretendedDriver(100, 13_000, List.of()).ask())
                .isEqualTo(new NvidiaDriver(State.PRESENT, 0, 13_000, List.of()));
        assertThat(PretendedDriver.of(13_000).ask().cards()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceTotalMem_v2"})
    void aLibraryThatLacksAFunctionIsNoDriver(String function) {
        assertThat(PretendedDriver.of(13_000, FIRST).ask(function).state()).isEqualTo(State.INCOMPLETE);
    }

    @Test
    void aNameAsLongAsItMayBeEnds() {
        Card long_ = new Card("x".repeat(400), 1, 9, 0);
        assertThat(PretendedDriver.of(13_000, long_).ask().cards().getFirst().name())
                .isEqualTo("x".repeat(255));
    }
}
