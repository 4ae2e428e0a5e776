package io.github.cogvideo4j.inference.internal.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Natives that pass from one owner to the next.
class ScopedTest {
    private final List<String> closed = new ArrayList<>();

    /// A sampler that cannot start leaves no generator of random numbers behind.
    @Test
    void whatWasMadeBeforeIsClosedFromTheLastToTheFirstWhenTheNextCannotBeMade() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Scoped.orClosed(() -> closed.add("random"), () -> {
                    throw new IllegalStateException();
                }));
        assertThat(closed).containsExactly("random");
        assertThatIllegalStateException()
                .isThrownBy(() -> Scoped.orClosed(
                        () -> closed.add("random"),
                        () -> Scoped.orClosed(() -> closed.add("sampler"), () -> {
                            throw new IllegalStateException();
                        })));
        assertThat(closed).containsExactly("random", "sampler", "random");
    }

    @Test
    void whatIsMadeOwnsWhatWasMadeBefore() {
        assertThat(Scoped.orClosed(() -> closed.add("random"), () -> "begun")).isEqualTo("begun");
        assertThat(closed).isEmpty();
    }
}
