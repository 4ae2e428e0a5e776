package io.github.cogvideo4j.inference.internal.prediction;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// One question to a noise predictor. Tensors stay as they are.
///
/// @param latents   noisy latents, `[batch, frames, channels, height, width]`
/// @param timestep  the sampler's timestep; a sampler with sigmas of its own may have a fraction
/// @param text      the text encoder's states, `[batch, tokens, width]`, or `[2 batch, tokens, width]` under
///                  guidance: those of the negative prompts first
/// @param image     latents that stand beside the noisy ones along the channels, `[batch, frames, channels,
///                  height, width]`: of an image, of a control video, of a mask
/// @param reference latents of another run at the same step, of the latents' shape, which attention sees as
///                  well
/// @param places    the position in the video that the model is given for each frame of the latents; the first
///                  frame at 0, and so on, when empty
public record NoiseQuery(
        Tensor latents,
        double timestep,
        Tensor text,
        Optional<Tensor> image,
        Optional<Tensor> reference,
        Optional<List<Integer>> places) {
    /// A question about a video from its beginning.
    public NoiseQuery(
            Tensor latents, double timestep, Tensor text, Optional<Tensor> image, Optional<Tensor> reference) {
        this(latents, timestep, text, image, reference, Optional.empty());
    }

    /// Whether there are negative rows before the positive ones.
    public boolean isGuided() {
        return text.size(0) == 2 * latents.size(0);
    }
}
