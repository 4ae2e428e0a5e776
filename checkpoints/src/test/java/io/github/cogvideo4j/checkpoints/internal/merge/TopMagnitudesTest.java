package io.github.cogvideo4j.checkpoints.internal.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// The choice of the largest elements against sorting them.
class TopMagnitudesTest {
    /// Of equal magnitudes the first ones are kept, as a stable sort has them.
    @Property(tries = 300)
    void theKeptElementsAreThoseOfAStableSort(Generator generator) {
        List<Float> palette = List.of(0f, -0f, 1f, -1f, Float.MIN_VALUE, 1.0000001f, Float.MAX_VALUE, 65504f);
        int size = generator.integer(0, 400);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = generator.bool()
                    ? palette.get(generator.integer(0, palette.size() - 1))
                    : (float) generator.real(-2, 2);
        }
        int wanted = generator.integer(0, size);
        TopMagnitudes top = new TopMagnitudes(wanted);
        int passes = 0;
        while (top.needsPass()) {
            for (float value : values) {
                top.count(value);
            }
            top.endPass();
            passes++;
        }
        assertThat(passes).isEqualTo(wanted == 0 ? 0 : 2);
        Set<Integer> expected = new HashSet<>(IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -Math.abs((double) values[i])))
                .limit(wanted)
                .toList());
        Set<Integer> kept = new HashSet<>();
        for (int i = 0; i < size; i++) {
            if (top.keeps(values[i])) {
                kept.add(i);
            }
        }
        assertThat(kept).isEqualTo(expected);
    }
}
