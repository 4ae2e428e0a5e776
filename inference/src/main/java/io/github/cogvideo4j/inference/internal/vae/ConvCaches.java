package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// The frames that causal convolutions keep from one chunk to the next, under the convolutions' names.
final class ConvCaches implements AutoCloseable {
    private final Map<String, Tensor> caches = new HashMap<>();
    private boolean keeping = true;

    /// Says that no chunk follows, so that nothing need be remembered any more.
    void lastChunk() {
        keeping = false;
    }

    /// The last frames that a convolution read in the chunk before, `[frames, height, width, channels]`. They
    /// belong to the caches until they are replaced.
    Optional<Tensor> of(String convolution) {
        return Optional.ofNullable(caches.get(convolution));
    }

    /// Replaces what a convolution remembers by a copy of frames.
    void remember(String convolution, Tensor frames) {
        Tensor before = keeping ? caches.put(convolution, Scoped.keep(frames.clone())) : caches.remove(convolution);
        if (before != null) {
            before.close();
        }
    }

    @Override
    public void close() {
        caches.values().forEach(Tensor::close);
        caches.clear();
    }
}
