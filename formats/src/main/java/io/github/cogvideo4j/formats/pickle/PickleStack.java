package io.github.cogvideo4j.formats.pickle;

import java.util.ArrayList;
import java.util.List;

/// The stack of the pickle machine: values, and marks between them.
final class PickleStack {
    private final PickleDecoder decoder;
    private final PickleLimits limits;
    private final List<PickleValue> values = new ArrayList<>();
    // For each mark the number of values below it.
    private final List<Integer> marks = new ArrayList<>();

    PickleStack(PickleDecoder decoder, PickleLimits limits) {
        this.decoder = decoder;
        this.limits = limits;
    }

    void push(PickleValue value) {
        values.add(value);
        checkDepth();
    }

    void mark() {
        marks.add(values.size());
        checkDepth();
    }

    PickleValue peek() {
        require(1);
        return values.getLast();
    }

    PickleValue pop() {
        require(1);
        return values.removeLast();
    }

    /// The topmost values, the deepest first.
    List<PickleValue> pop(int count) {
        require(count);
        return cut(values.size() - count);
    }

    /// The values above the topmost mark, which goes too.
    List<PickleValue> popMark() {
        if (marks.isEmpty()) {
            throw decoder.syntax("formats.pickle.no-mark");
        }
        return cut(marks.removeLast());
    }

    void popValueOrMark() {
        if (values.size() == floor() && !marks.isEmpty()) {
            marks.removeLast();
        } else {
            pop();
        }
    }

    private List<PickleValue> cut(int from) {
        List<PickleValue> top = values.subList(from, values.size());
        List<PickleValue> copy = List.copyOf(top);
        top.clear();
        return copy;
    }

    /// The number of values that lie below the topmost mark and cannot be reached.
    private int floor() {
        return marks.isEmpty() ? 0 : marks.getLast();
    }

    private void require(int count) {
        if (values.size() - floor() < count) {
            throw decoder.syntax("formats.pickle.stack-underflow");
        }
    }

    private void checkDepth() {
        if (values.size() + marks.size() > limits.stackDepth()) {
            throw decoder.limit("formats.pickle.stack-depth", limits.stackDepth());
        }
    }
}
