package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import org.bytedeco.pytorch.Tensor;

/// The relative change of a tensor since an earlier step.
final class Change {
    private Change() {}

    /// `mean|now - before| / mean|before|`, both means and the quotient in the tensors' type.
    static double relative(Tensor now, Tensor before) {
        double[] change = new double[1];
        Scoped.run(() -> change[0] =
                now.sub(before).abs().mean().div(before.abs().mean()).item_double());
        return change[0];
    }
}
