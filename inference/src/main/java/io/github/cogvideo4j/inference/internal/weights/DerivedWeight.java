package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/// A weight in another form, made when it is first used and kept until the store is closed. The weight itself
/// is read for that purpose and let go again, so that there are never two models in memory.
public final class DerivedWeight {
    private final Weight weight;
    private final Function<Tensor, List<Tensor>> derivation;
    private List<Tensor> made = List.of();

    DerivedWeight(Weight weight, Function<Tensor, List<Tensor>> derivation) {
        this.weight = weight;
        this.derivation = derivation;
    }

    /// What the derivation made, on the device of use. It belongs to the store.
    public List<Tensor> tensors() {
        if (made.isEmpty()) {
            Scoped.run(() -> made = derivation.apply(weight.read()).stream()
                    .map(weight::keptOnDevice)
                    .toList());
        }
        return made;
    }
}
