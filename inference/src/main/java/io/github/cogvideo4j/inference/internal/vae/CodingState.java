package io.github.cogvideo4j.inference.internal.vae;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/// The state that the chunks of one video share on their way through a coder.
///
/// @param caches    what the convolutions remember from one chunk to the next
/// @param workspace the memory that the layers work in
/// @param probe     sees what the layers compute
record CodingState(ConvCaches caches, Workspace workspace, VaeProbe probe) implements AutoCloseable {
    /// The state before a video's first chunk.
    CodingState(VaeProbe probe) {
        this(new ConvCaches(), new Workspace(), probe);
    }

    /// A listener to intermediate results, by which tests compare them with the reference's.
    @FunctionalInterface
    interface VaeProbe {
        /// A probe that ignores everything.
        VaeProbe NONE = (name, frames) -> {};

        /// Shows an intermediate result.
        ///
        /// @param name   of the level or layer
        /// @param frames gives `[frames, height, width, channels]`; computed only when asked for
        void see(String name, Supplier<Tensor> frames);
    }

    @Override
    public void close() {
        caches.close();
        workspace.close();
    }
}
