package io.github.cogvideo4j.formats.internal.pickle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The stack of the pickle machine: values, and marks between them.
final class PickleStack {
    private final PickleDecoder decoder;
    private final PickleLimits limits;
    private final List<PickleValue> values = new ArrayList<>();
    // For each mark the number of values below it.
    private int[] marks = new int[8];
    private int marked;
    // The number of values that lie below the topmost mark and cannot be reached.
    private int floor;

    PickleStack(PickleDecoder decoder, PickleLimits limits) {
        this.decoder = decoder;
        this.limits = limits;
    }

    void push(PickleValue value) {
        values.add(value);
        checkDepth();
    }

    void mark() {
        if (marked == marks.length) {
            marks = Arrays.copyOf(marks, 2 * marked);
        }
        floor = values.size();
        marks[marked++] = floor;
        checkDepth();
    }

    PickleValue peek() {
        requireValue();
        return values.getLast();
    }

    PickleValue pop() {
        requireValue();
        return values.removeLast();
    }

    /// The values above the topmost mark, which goes too; the deepest first.
    List<PickleValue> popMark() {
        if (marked == 0) {
            throw decoder.syntax("formats.pickle.no-mark");
        }
        List<PickleValue> top = values.subList(floor, values.size());
        List<PickleValue> copy = List.copyOf(top);
        top.clear();
        dropMark();
        return copy;
    }

    void popValueOrMark() {
        if (values.size() == floor && marked > 0) {
            dropMark();
        } else {
            pop();
        }
    }

    private void dropMark() {
        marked--;
        floor = marked == 0 ? 0 : marks[marked - 1];
    }

    private void requireValue() {
        if (values.size() == floor) {
            throw decoder.syntax("formats.pickle.stack-underflow");
        }
    }

    private void checkDepth() {
        if (values.size() + marked > limits.stackDepth()) {
            throw decoder.limit("formats.pickle.stack-depth", limits.stackDepth());
        }
    }
}
