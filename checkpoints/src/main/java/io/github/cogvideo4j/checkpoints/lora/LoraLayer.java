package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/// The adaptation of one weight: `W + factor * B A`.
///
/// @param module         the adapted module (`transformer_blocks.0.attn1.to_q`)
/// @param a              the first factor, `[rank, in]`; `[rank, in, height, width]` of a convolution
/// @param b              the second factor, `[out, rank]`; `[out, rank, 1, 1]` of a convolution
/// @param alpha          the alpha that the adapter records for it
/// @param rankStabilized whether alpha is divided by the square root of the rank instead of the rank
///                       ("rsLoRA")
public record LoraLayer(String module, StoredTensor a, StoredTensor b, OptionalDouble alpha, boolean rankStabilized) {
    /// The key of the adapted weight in the model's state dict.
    public String weight() {
        return module + ".weight";
    }

    /// The rank.
    public int rank() {
        return Math.toIntExact(a.shape().size(0));
    }

    /// The rows of the adapted weight.
    public long out() {
        return b.shape().size(0);
    }

    /// The elements in a row of the adapted weight.
    public long in() {
        return rank() == 0 ? 0 : a.shape().numel() / rank();
    }

    /// The sizes of the weight that this fits.
    public Shape weightShape() {
        List<Long> sizes = new ArrayList<>();
        sizes.add(out());
        sizes.addAll(a.shape().sizes().subList(1, a.shape().rank()));
        return new Shape(sizes);
    }

    /// What `B A` is multiplied by: `scale * alpha / rank`. Where no alpha is known it is taken to be the
    /// rank, as diffusers and PEFT do, and the factor is the scale itself.
    ///
    /// @param scale how strongly the adapter is applied; 1 as trained
    /// @param given an alpha that goes before the recorded one
    public double factor(double scale, OptionalDouble given) {
        OptionalDouble known = given.isPresent() ? given : alpha;
        if (known.isEmpty()) {
            return scale;
        }
        return scale * known.getAsDouble() / (rankStabilized ? Math.sqrt(rank()) : rank());
    }
}
