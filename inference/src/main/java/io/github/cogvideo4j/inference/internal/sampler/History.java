package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.bytedeco.pytorch.Tensor;

/// The last few tensors of a run, the newest first. They live beyond the scope that they were made in.
final class History implements AutoCloseable {
    private final int most;
    private final Deque<Tensor> tensors = new ArrayDeque<>();

    /// @param most how many are kept
    History(int most) {
        this.most = most;
    }

    /// Remembers a tensor and forgets what is too old.
    void add(Tensor tensor) {
        tensors.addFirst(Scoped.keep(tensor));
        while (tensors.size() > most) {
            tensors.removeLast().close();
        }
    }

    /// How many there are.
    int size() {
        return tensors.size();
    }

    /// A tensor.
    ///
    /// @param age 0 for the newest
    Tensor get(int age) {
        Iterator<Tensor> each = tensors.iterator();
        for (int i = 0; i < age; i++) {
            each.next();
        }
        return each.next();
    }

    /// Forgets all of them.
    @Override
    public void close() {
        tensors.forEach(Tensor::close);
        tensors.clear();
    }
}
