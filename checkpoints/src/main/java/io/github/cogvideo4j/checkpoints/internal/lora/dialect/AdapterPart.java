package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.Locale;

/// A part of the change of one module.
public enum AdapterPart {
    /// LoRA's first factor, from the module's inputs to the rank.
    LORA_A,
    /// LoRA's second factor, from the rank to the module's outputs.
    LORA_B,
    /// A trained addition to the module's bias (PEFT's `lora_bias`).
    LORA_B_BIAS,
    /// The middle of a convolution's Tucker decomposition.
    LORA_MID,
    /// What the product is multiplied by, times the rank.
    ALPHA,
    /// DoRA's lengths of rows.
    MAGNITUDE,
    /// LoHa's four factors.
    HADA_W1_A,
    /// See [#HADA_W1_A].
    HADA_W1_B,
    /// See [#HADA_W1_A].
    HADA_W2_A,
    /// See [#HADA_W1_A].
    HADA_W2_B,
    /// The kernel of LoHa's Tucker decomposition.
    HADA_T1,
    /// See [#HADA_T1].
    HADA_T2,
    /// LoKr's outer matrix.
    LOKR_W1,
    /// LoKr's outer matrix as a product.
    LOKR_W1_A,
    /// See [#LOKR_W1_A].
    LOKR_W1_B,
    /// LoKr's inner matrix.
    LOKR_W2,
    /// LoKr's inner matrix as a product.
    LOKR_W2_A,
    /// See [#LOKR_W2_A].
    LOKR_W2_B,
    /// The kernel of LoKr's Tucker decomposition.
    LOKR_T2,
    /// A difference of the whole weight.
    DIFF,
    /// A difference of the whole bias.
    DIFF_B,
    /// A weight that was trained whole.
    WEIGHT,
    /// A bias that was trained whole.
    BIAS;

    /// As files spell it, near enough for a message.
    @Override
    public String toString() {
        return switch (this) {
            case LORA_A -> "lora_A";
            case LORA_B -> "lora_B";
            case LORA_B_BIAS -> "lora_B.bias";
            default -> name().toLowerCase(Locale.ROOT);
        };
    }
}
