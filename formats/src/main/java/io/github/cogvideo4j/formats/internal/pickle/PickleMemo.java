package io.github.cogvideo4j.formats.internal.pickle;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The memo of a pickle: the values that it notes to recall them later. Picklers count the indexes from 0, so a
/// table serves; it is no larger than [PickleLimits#memoEntries()] lets indexes be.
final class PickleMemo {
    private @Nullable PickleValue[] values = new PickleValue[16];
    private int size;

    /// How many values have been noted; one noted in another's place does not count again.
    int size() {
        return size;
    }

    /// Notes a value under an index, which has been compared with the limit.
    void put(int index, PickleValue value) {
        if (index >= values.length) {
            values = Arrays.copyOf(values, Math.max(index + 1, 2 * values.length));
        }
        if (values[index] == null) {
            size++;
        }
        values[index] = value;
    }

    /// The value under an index, null when there is none.
    @Nullable
    PickleValue get(int index) {
        return index < values.length ? values[index] : null;
    }
}
