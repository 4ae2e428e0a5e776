package io.github.cogvideo4j.inference.vae;

import io.github.cogvideo4j.inference.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.runtime.Precision;
import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;

/// The causal 3D autoencoder of CogVideoX.
public final class CogVideoXVae implements AutoCloseable {
    /// Opens a `vae` folder.
    public static CogVideoXVae load(Path folder, Precision precision, ComputeDevice device) throws IOException {
        throw new UnsupportedOperationException();
    }

    /// Its configuration.
    public VaeConfig config() {
        throw new UnsupportedOperationException();
    }

    /// How many frames so many latent frames become.
    public long videoFrames(long latentFrames) {
        throw new UnsupportedOperationException();
    }

    /// Decodes latents (already divided by the scaling factor): `[batch, latent channels, latent frames, h, w]` to
    /// `[batch, 3, frames, 8h, 8w]`, around -1 to 1, in the model's type.
    public Tensor decode(Tensor latents, VaeOptions options) {
        throw new UnsupportedOperationException();
    }

    /// The same, handing frames out as they are done.
    public void decode(Tensor latents, VaeOptions options, FrameConsumer consumer, VaeProgress progress) {
        throw new UnsupportedOperationException();
    }

    /// Encodes a video `[batch, 3, frames, height, width]` in -1 to 1.
    public Posterior encode(Tensor video, VaeOptions options, VaeProgress progress) {
        throw new UnsupportedOperationException();
    }

    /// `(x / 2 + 0.5)` within 0 to 1, in the tensor's type: what decoded frames are as colours.
    public static Tensor unitRange(Tensor frames) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
