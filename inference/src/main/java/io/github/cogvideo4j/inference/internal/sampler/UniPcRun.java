package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SigmaLevel;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// UniPC: a multistep predictor, and a corrector that makes the step before anew once the model has been called
/// at its end.
///
/// Source: Zhao et al., "UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models"
/// (arXiv 2302.04867), algorithms 5 to 8, prediction of the data; diffusers' `UniPCMultistepScheduler`.
final class UniPcRun extends MultistepRun {
    private final History denoisedBefore;
    private final History sampleBefore = history(1);
    private int orderBefore;
    private int done;

    UniPcRun(SamplerSetup setup) {
        super(setup, SigmaSchedule.toZero(setup));
        this.denoisedBefore = history(setup.solver().order());
    }

    @Override
    SamplerStep next(Tensor prediction, Tensor given, RandomSource random) {
        SigmaLevel now = level(call());
        Tensor denoised = denoised(prediction, given, now.signal(), now.noise());
        Tensor sample = done == 0 ? given : corrected(denoised);
        denoisedBefore.add(denoised);
        int most = setup().solver().lowerOrderFinal()
                ? Math.min(setup().solver().order(), left())
                : setup().solver().order();
        orderBefore = Math.min(most, done + 1);
        sampleBefore.add(sample);
        Tensor moved = predicted(sample);
        done++;
        return new SamplerStep(moved, denoised);
    }

    private Tensor predicted(Tensor sample) {
        Frame frame = new Frame(call(), orderBefore);
        int known = orderBefore - 1;
        double[] weights = known == 1 ? new double[] {0.5} : frame.solved(known);
        Tensor moved = frame.base(sample);
        if (known > 0) {
            moved = moved.sub(frame.weight().mul(frame.sum(weights, sample)));
        } else if (setup().quirks()) {
            // Nothing, or not a number where the weight is infinite.
            moved = moved.sub(frame.weight().mul(new Scalar(0)));
        }
        return moved.to(sample.scalar_type().intern());
    }

    /// The step before, made anew with what the model says of its end.
    private Tensor corrected(Tensor denoised) {
        Tensor sample = sampleBefore.get(0);
        Frame frame = new Frame(call() - 1, orderBefore);
        double[] weights = orderBefore == 1 ? new double[] {0.5} : frame.solved(orderBefore);
        Tensor last = rounded(weights[orderBefore - 1], sample).mul(denoised.sub(denoisedBefore.get(0)));
        Tensor all = orderBefore == 1 ? last : frame.sum(weights, sample).add(last);
        return frame.base(sample)
                .sub(frame.weight().mul(all))
                .to(sample.scalar_type().intern());
    }

    /// A weight in the type of the sample.
    private static Tensor rounded(double weight, Tensor sample) {
        return NoiseTable.scalar(weight)
                .to(sample.scalar_type().intern())
                .to(org.bytedeco.pytorch.global.torch.ScalarType.Float);
    }

    /// The part that a step and its correction have in common.
    private final class Frame {
        private final SigmaLevel now;
        private final SigmaLevel target;
        private final Tensor stride;
        private final List<Float> ratios = new ArrayList<>();
        private final List<Tensor> differences = new ArrayList<>();
        private final int order;

        /// @param from  the call where the step starts
        /// @param order its order
        Frame(int from, int order) {
            this.order = order;
            this.now = level(from);
            this.target = level(from + 1);
            this.stride = target.lambda().sub(now.lambda());
            for (int age = 1; age < order; age++) {
                Tensor ratio = level(from - age).lambda().sub(now.lambda()).div(stride);
                ratios.add(ratio.item_float());
                differences.add(
                        denoisedBefore.get(age).sub(denoisedBefore.get(0)).div(ratio));
            }
            ratios.add(1f);
        }

        /// The step of first order.
        Tensor base(Tensor sample) {
            return target.noise()
                    .div(now.noise())
                    .mul(sample)
                    .sub(target.signal().mul(stride.neg().expm1()).mul(denoisedBefore.get(0)));
        }

        /// How much the differences count.
        Tensor weight() {
            return target.signal().mul(scale());
        }

        private Tensor scale() {
            Tensor back = stride.neg();
            return setup().solver().type().equals("bh1") ? back : back.expm1();
        }

        Tensor sum(double[] weights, Tensor sample) {
            Tensor sum = rounded(weights[0], sample).mul(differences.getFirst());
            for (int i = 1; i < differences.size(); i++) {
                sum = sum.add(rounded(weights[i], sample).mul(differences.get(i)));
            }
            return sum;
        }

        /// The weights of as many differences: of the equations `sum r_j^(i-1) w_j = b_i` the first ones.
        double[] solved(int count) {
            double[][] rows = new double[count][count + 1];
            float back = stride.neg().item_float();
            float scale = scale().item_float();
            float term = stride.neg().expm1().item_float() / back - 1;
            int factorial = 1;
            for (int i = 0; i < Math.min(order, count); i++) {
                for (int j = 0; j < count; j++) {
                    rows[i][j] = (float) Math.pow(ratios.get(j), i);
                }
                rows[i][count] = term * factorial / scale;
                factorial *= i + 2;
                term = term / back - (float) (1.0 / factorial);
            }
            return solve(rows);
        }
    }

    /// Solves a small system of linear equations by elimination with row pivots.
    ///
    /// @param rows `n` rows of `n` coefficients and the right-hand side; overwritten
    private static double[] solve(double[]... rows) {
        int n = rows.length;
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) {
                    pivot = row;
                }
            }
            double[] chosen = rows[pivot];
            rows[pivot] = rows[column];
            rows[column] = chosen;
            for (int row = 0; row < n; row++) {
                if (row != column) {
                    double share = rows[row][column] / chosen[column];
                    for (int i = column; i <= n; i++) {
                        rows[row][i] -= share * chosen[i];
                    }
                }
            }
        }
        double[] solution = new double[n];
        for (int i = 0; i < n; i++) {
            solution[i] = rows[i][n] / rows[i][i];
        }
        return solution;
    }
}
