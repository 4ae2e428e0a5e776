package io.github.cogvideo4j.checkpoints.internal.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class TensorMatchTest {
    @Test
    void everyNameIsInOneList() {
        SequencedMap<String, Shape> expected = new LinkedHashMap<>();
        expected.put("d", Shape.of(2, 3));
        expected.put("b", Shape.of(4));
        expected.put("a", Shape.of(5));
        SequencedMap<String, Shape> found = new LinkedHashMap<>();
        found.put("c", Shape.of(1));
        found.put("a", Shape.of(5));
        found.put("d", Shape.of(3, 2));

        TensorMatch match = TensorMatch.of(expected, found);

        assertThat(match.common()).containsExactly("a");
        assertThat(match.missing()).containsExactly("b");
        assertThat(match.extra()).containsExactly("c");
        assertThat(match.reshaped())
                .containsExactly(new TensorMatch.Reshaped("d", Shape.of(2, 3), Shape.of(3, 2)))
                .allMatch(TensorMatch.Reshaped::isTransposed);
        assertThat(match.equal()).isFalse();
        assertThat(TensorMatch.of(expected, expected).equal()).isTrue();
    }

    /// Only a matrix can have its rows and columns exchanged.
    @Test
    void otherDimensionsAreNotTransposed() {
        assertThat(new TensorMatch.Reshaped("x", Shape.of(4), Shape.of(4, 1)).isTransposed())
                .isFalse();
    }
}
