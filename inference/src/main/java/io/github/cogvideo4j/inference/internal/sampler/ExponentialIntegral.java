package io.github.cogvideo4j.inference.internal.sampler;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// Integrals of `exp(q lambda)` times polynomials, from one `lambda` to another: the weights of SA-Solver.
///
/// Source: appendix of arXiv 2309.05019; the order of operations is that of diffusers' `SASolverScheduler`,
/// where numbers of very different size cancel.
final class ExponentialIntegral {
    private final Tensor end;
    private final Tensor start;
    private final int q;

    /// @param from where it begins
    /// @param to   where it ends
    /// @param q    the factor in the exponent
    ExponentialIntegral(Tensor from, Tensor to, int q) {
        this.end = to.mul(new Scalar(q));
        this.start = from.mul(new Scalar(q));
        this.q = q;
    }

    /// The integrals of the Lagrange polynomials, one for each node.
    List<Tensor> weights(List<Tensor> nodes) {
        int order = nodes.size();
        List<Tensor> weights = new ArrayList<>();
        for (int i = 0; i < order; i++) {
            List<Tensor> polynomial = polynomial(nodes, i);
            Tensor weight = polynomial.getFirst().mul(ofPower(order - 1));
            for (int j = 1; j < order; j++) {
                weight = weight.add(polynomial.get(j).mul(ofPower(order - 1 - j)));
            }
            weights.add(weight);
        }
        return weights;
    }

    /// The Lagrange polynomial that is 1 at one node and 0 at the others: its coefficients, of the highest power
    /// first.
    private static List<Tensor> polynomial(List<Tensor> nodes, int at) {
        List<Tensor> others = new ArrayList<>(nodes);
        Tensor node = others.remove(at);
        List<Tensor> coefficients = new ArrayList<>();
        if (others.isEmpty()) {
            return List.of(node.mul(new Scalar(0)).add(new Scalar(1)));
        }
        Tensor divisor = node.sub(others.getFirst());
        Tensor sum = others.getFirst().neg();
        Tensor product = others.getFirst().neg();
        for (Tensor other : others.subList(1, others.size())) {
            divisor = divisor.mul(node.sub(other));
            sum = sum.sub(other);
            product = product.mul(other);
        }
        coefficients.add(divisor.reciprocal());
        coefficients.add(sum.div(divisor));
        if (others.size() == 2) {
            coefficients.add(others.get(0).mul(others.get(1)).div(divisor));
        } else if (others.size() == 3) {
            Tensor pairs = others.get(0)
                    .mul(others.get(1))
                    .add(others.get(0).mul(others.get(2)))
                    .add(others.get(1).mul(others.get(2)));
            coefficients.add(pairs.div(divisor));
            coefficients.add(product.div(divisor));
        }
        return coefficients;
    }

    /// The integral of `lambda` to a power.
    private Tensor ofPower(int power) {
        Tensor decay = end.sub(start).neg().exp();
        Tensor inner = power == 0
                ? ProductRun.oneMinus(decay)
                : antiderivative(end, power).sub(antiderivative(start, power).mul(decay));
        return end.exp().mul(inner).div(new Scalar(Math.pow(q, power + 1)));
    }

    /// The factor of the exponential in the antiderivative.
    private static Tensor antiderivative(Tensor x, int power) {
        return switch (power) {
            case 1 -> x.sub(new Scalar(1));
            case 2 -> x.pow(new Scalar(2)).sub(x.mul(new Scalar(2))).add(new Scalar(2));
            default ->
                x.pow(new Scalar(3))
                        .sub(x.pow(new Scalar(2)).mul(new Scalar(3)))
                        .add(x.mul(new Scalar(6)))
                        .sub(new Scalar(6));
        };
    }

    /// What the predictor of second order gives its newest value more, times the distance of its nodes.
    Tensor bend(Tensor stride) {
        Tensor remainder = remainder(stride).div(new Scalar(q * q));
        return end.exp().mul(stride.pow(new Scalar(2)).div(new Scalar(2)).sub(remainder));
    }

    /// The same of the corrector.
    Tensor bendOfCorrector(Tensor stride) {
        Tensor remainder = remainder(stride).div(stride.mul(new Scalar(q * q)));
        return end.exp().mul(stride.div(new Scalar(2)).sub(remainder));
    }

    private Tensor remainder(Tensor stride) {
        return stride.mul(new Scalar(q))
                .sub(new Scalar(1))
                .add(stride.neg().mul(new Scalar(q)).exp());
    }
}
