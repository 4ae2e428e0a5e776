package io.github.cogvideo4j.inference.internal.vae;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/// Sees what stages compute: how tests compare them with the reference's.
@FunctionalInterface
interface VaeProbe {
    /// Sees nothing.
    VaeProbe NONE = (stage, frames) -> {};

    /// A stage is done.
    ///
    /// @param stage  its name
    /// @param frames gives `[frames, height, width, channels]`; computed only when asked for
    void see(String stage, Supplier<Tensor> frames);
}
