package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// The rule which weights a format applies to, by their names, and the memory that they take then.
final class FormatRule {
    /// Modules that diffusers' layerwise casting leaves alone: `DEFAULT_SKIP_MODULES_PATTERN` in its
    /// `layerwise_casting.py`, searched in the dotted name.
    private static final Predicate<String> NOT_CAST =
            Pattern.compile("pos_embed|patch_embed|norm|^proj_in$|^proj_out$").asPredicate();

    private static final int SCALE_BYTES = 4;

    private FormatRule() {}

    /// The format of a linear layer.
    ///
    /// @param module the layer's name, `transformer_blocks.0.attn1.to_q`
    static WeightFormat of(WeightFormat wanted, String module) {
        return wanted == WeightFormat.FP8 && NOT_CAST.test(module) ? WeightFormat.DENSE : wanted;
    }

    /// Whether a tensor is kept in a small format instead of its own. Only linear layers have weights of two
    /// dimensions.
    static boolean isSmall(WeightFormat wanted, WeightStore store, StoredTensor tensor) {
        int dot = tensor.name().lastIndexOf('.');
        if (dot < 0) {
            return false;
        }
        String module = tensor.name().substring(0, dot);
        boolean bias = tensor.name().endsWith(".bias");
        boolean linear = store.find(module + ".weight")
                .filter(weight -> weight.shape().sizes().size() == 2)
                .isPresent();
        return linear
                && of(wanted, module) != WeightFormat.DENSE
                && (tensor.name().endsWith(".weight") || (bias && wanted == WeightFormat.FP8));
    }

    /// The bytes of a tensor in its small format.
    static long smallBytes(WeightFormat wanted, StoredTensor tensor) {
        long elements = tensor.shape().numel();
        return wanted == WeightFormat.INT8 ? elements + tensor.shape().sizes().getFirst() * SCALE_BYTES : elements;
    }
}
