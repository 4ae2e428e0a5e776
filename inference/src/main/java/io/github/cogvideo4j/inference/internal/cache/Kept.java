package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// A tensor that a cache keeps beyond the step that computed it, until it keeps another one.
final class Kept implements AutoCloseable {
    private Optional<Tensor> tensor = Optional.empty();

    boolean isThere() {
        return tensor.isPresent();
    }

    Tensor get() {
        return tensor.orElseThrow();
    }

    /// Keeps a tensor of the current scope; what was kept before is freed.
    void keep(Tensor value) {
        close();
        tensor = Optional.of(Scoped.keep(value));
    }

    @Override
    public void close() {
        tensor.ifPresent(Tensor::close);
        tensor = Optional.empty();
    }
}
