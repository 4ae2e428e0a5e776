package io.github.cogvideo4j.inference.internal.transformer;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// The input of one forward of the transformer. Tensors of another type than the model's are cast.
///
/// @param latents   `[batch, frames, channels, height, width]`; for image to video with the image's channels
/// @param text      the text encoder's states, `[batch, tokens, width]`
/// @param timesteps the diffusion timesteps, `[batch]`; used as fp32
/// @param ofs       `[1]`, for models with an ofs embedding; without it they take [#TRAINED_OFS]
/// @param rotary    the rotary tables to use; without them the transformer makes those of the latents' size
/// @param reference whether the second half of the batch is a reference: the first half then attends to its own
///                  tokens and to those of its counterpart, the second half to its own alone
/// @param places    where in the video each frame of the latents lies; from 0 on when empty
public record TransformerInput(
        Tensor latents,
        Tensor text,
        Tensor timesteps,
        Optional<Tensor> ofs,
        Optional<RotaryPositions> rotary,
        boolean reference,
        Optional<List<Integer>> places) {
    /// The value that CogVideoX1.5 image to video was trained with.
    public static final double TRAINED_OFS = 2.0;

    /// Everything else as the model has it.
    public TransformerInput(Tensor latents, Tensor text, Tensor timesteps) {
        this(latents, text, timesteps, Optional.empty(), Optional.empty());
    }

    /// A batch without a reference.
    public TransformerInput(
            Tensor latents, Tensor text, Tensor timesteps, Optional<Tensor> ofs, Optional<RotaryPositions> rotary) {
        this(latents, text, timesteps, ofs, rotary, false, Optional.empty());
    }

    /// Some of its rows.
    public TransformerInput rows(long first, long count) {
        return new TransformerInput(
                latents.narrow(0, first, count),
                text.narrow(0, first, count),
                timesteps.narrow(0, first, count),
                ofs,
                rotary,
                reference,
                places);
    }

    /// The same with the second half of the batch as the reference of the first.
    public TransformerInput withReference() {
        return new TransformerInput(latents, text, timesteps, ofs, rotary, true, places);
    }

    /// The same with frames that lie elsewhere in the video.
    public TransformerInput withPlaces(Optional<List<Integer>> value) {
        return new TransformerInput(latents, text, timesteps, ofs, rotary, reference, value);
    }
}
