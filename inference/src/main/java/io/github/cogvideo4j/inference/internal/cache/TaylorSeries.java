package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// One output of a module over the steps, as a Taylor series around the last step at which it was computed:
/// factor 0 is the output, factor k+1 the difference quotient of factor k.
final class TaylorSeries implements AutoCloseable {
    private final int order;
    private final ScalarType kept;
    private List<Tensor> factors = List.of();
    private ScalarType output = ScalarType.Float;
    private int computedAt;

    /// @param order how many difference quotients are kept beside the output
    /// @param kept  the type in which factors are kept
    TaylorSeries(int order, ScalarType kept) {
        this.order = order;
        this.kept = kept;
    }

    /// Takes a computed output, which it copies.
    void update(Tensor computed, int step) {
        output = computed.scalar_type().intern();
        List<Tensor> made = Scoped.owned(() -> {
            List<Tensor> next = new ArrayList<>(List.of(computed.clone()));
            for (int k = 0; k < Math.min(order, factors.size()); k++) {
                next.add(next.get(k).sub(factors.get(k).to(output)).div(new Scalar(step - computedAt)));
            }
            return next.stream().map(factor -> factor.to(kept)).toList();
        });
        close();
        factors = made;
        computedAt = step;
    }

    /// The output extrapolated to a step.
    Tensor at(int step) {
        return Scoped.tensor(() -> {
            Tensor sum = torch.zeros_like(factors.getFirst().to(output));
            double weight = 1;
            for (int k = 0; k < factors.size(); k++) {
                sum = sum.add(factors.get(k).to(output).mul(new Scalar(weight)));
                weight = weight * (step - computedAt) / (k + 1);
            }
            return sum;
        });
    }

    @Override
    public void close() {
        factors.forEach(Tensor::close);
        factors = List.of();
    }
}
