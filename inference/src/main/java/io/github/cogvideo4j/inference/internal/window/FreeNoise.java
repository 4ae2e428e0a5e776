package io.github.cogvideo4j.inference.internal.window;

import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Noise whose later frames are earlier ones in another order, so that windows over them resemble each other.
///
/// Source: Qiu et al., arXiv 2310.15169, as ComfyUI's CogVideoX wrapper has it: sources may themselves have
/// been shuffled, and of `n` video frames `n / 4` latent ones take part, so that the last one mostly keeps its
/// own noise.
///
/// @param size    latent frames of a window
/// @param overlap latent frames that neighbouring windows share
public record FreeNoise(int size, int overlap) {
    /// Video frames for each latent one.
    private static final int RATIO = 4;

    /// Shuffles noise in place.
    ///
    /// @param noise       `[batch, frames, channels, height, width]`
    /// @param videoFrames the frames that the video was asked for
    /// @param generator   what the noise was drawn with: the orders are drawn after it
    public void shuffle(Tensor noise, int videoFrames, Generator generator) {
        int frames = videoFrames / RATIO;
        int step = size - overlap;
        for (int start = 0; start < frames - size; start += step) {
            int place = start + size;
            int count = Math.min(step, frames - place);
            Tensor order = torch.randperm(count, new GeneratorOptional(generator), new TensorOptions(ScalarType.Long));
            Tensor sources = noise.narrow(1, start, count).index_select(1, order);
            noise.narrow(1, place, count).copy_(sources);
            if (place - 1 + step >= frames) {
                return;
            }
        }
    }
}
