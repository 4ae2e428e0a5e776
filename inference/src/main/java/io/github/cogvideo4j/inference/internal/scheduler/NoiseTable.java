package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The share of the signal that is left at each training timestep (`alphas_cumprod`), in the type that it was computed
/// in: coefficients are rounded in that type before they meet a sample.
public final class NoiseTable {
    private final double[] betas;
    private final double[] alphas;
    private final ScalarType type;

    /// A table of these betas and products.
    public NoiseTable(Tensor betas, Tensor alphas) {
        this.betas = values(betas);
        this.alphas = values(alphas);
        this.type = alphas.scalar_type().intern();
    }

    /// The table of the CogVideoX schedulers: cumulative product, then the shift of the signal-to-noise
    /// ratio, then the rescaling.
    public static NoiseTable shifted(SchedulerConfig config) {
        NoiseTable[] made = new NoiseTable[1];
        Scoped.run(() -> {
            Tensor betas = config.betaSchedule().betas(config, ScalarType.Double);
            Tensor alphas = shift(config, torch.cumprod(oneMinus(betas), 0));
            made[0] = new NoiseTable(betas, config.rescaleBetasZeroSnr() ? withoutTerminalSignal(alphas) : alphas);
        });
        return made[0];
    }

    /// The table of diffusers' stock schedulers and of inversion: fp32, no shift, and the rescaling goes
    /// through the betas.
    public static NoiseTable unshifted(SchedulerConfig config) {
        return ofBetas(config, () -> config.betaSchedule().betas(config, ScalarType.Float));
    }

    /// The same for a stock scheduler that shall sample on the model's shifted schedule: betas of the shifted
    /// products, as one would pass them in `trained_betas`.
    public static NoiseTable keepingShift(SchedulerConfig config) {
        return ofBetas(config, () -> betasOf(shiftedProducts(config)).to(ScalarType.Float));
    }

    private static NoiseTable ofBetas(SchedulerConfig config, Supplier<Tensor> source) {
        NoiseTable[] made = new NoiseTable[1];
        Scoped.run(() -> {
            Tensor betas = source.get();
            if (config.rescaleBetasZeroSnr()) {
                betas = betasOf(withoutTerminalSignal(torch.cumprod(oneMinus(betas), 0)));
            }
            made[0] = new NoiseTable(betas, torch.cumprod(oneMinus(betas), 0));
        });
        return made[0];
    }

    /// The betas whose cumulative products these are.
    private static Tensor betasOf(Tensor products) {
        long last = products.size(0) - 1;
        Tensor ratios = products.narrow(0, 1, last).div(products.narrow(0, 0, last));
        return oneMinus(torch.cat(new TensorVector(products.narrow(0, 0, 1), ratios)));
    }

    private static Tensor shiftedProducts(SchedulerConfig config) {
        return shift(config, torch.cumprod(oneMinus(config.betaSchedule().betas(config, ScalarType.Double)), 0));
    }

    private static Tensor shift(SchedulerConfig config, Tensor alphas) {
        Scalar shift = new Scalar(config.snrShiftScale());
        Scalar rest = new Scalar(1 - config.snrShiftScale());
        return alphas.div(alphas.mul(rest).add(shift));
    }

    /// The same with the last product raised to 2^-24, from which a finite sigma follows: what samplers that
    /// compute in sigmas do to a schedule that ends in noise alone.
    public NoiseTable withFiniteEnd() {
        double[] raised = alphas.clone();
        raised[raised.length - 1] = 0x1p-24;
        return new NoiseTable(betas, raised, type);
    }

    private NoiseTable(double[] betas, double[] alphas, ScalarType type) {
        this.betas = betas;
        this.alphas = alphas;
        this.type = type;
    }

    /// Shifts and scales the square roots so that the last is 0 and the first stays.
    ///
    /// Source: algorithm 1 of "Common Diffusion Noise Schedules and Sample Steps are Flawed" (arXiv
    /// 2305.08891).
    private static Tensor withoutTerminalSignal(Tensor alphas) {
        Tensor roots = alphas.sqrt();
        Tensor first = roots.select(0, 0);
        Tensor last = roots.select(0, roots.size(0) - 1);
        Tensor scaled = roots.sub(last).mul(first.div(first.sub(last)));
        return scaled.mul(scaled);
    }

    /// The share of a timestep, as a scalar tensor of the table's type. -1 is the last timestep, as it is to
    /// the reference, which indexes a list with it.
    public Tensor at(long timestep) {
        return scalar(alphas[Math.toIntExact(timestep < 0 ? timestep + alphas.length : timestep)], type);
    }

    /// The share after the last step.
    public Tensor end(SchedulerConfig config) {
        return config.setAlphaToOne() ? scalar(1, ScalarType.Float) : at(0);
    }

    /// The products.
    public double[] alphas() {
        return alphas.clone();
    }

    /// The betas.
    public double[] betas() {
        return betas.clone();
    }

    /// `1 - x`.
    public static Tensor oneMinus(Tensor x) {
        return torch.rsub(x, new Scalar(1));
    }

    /// The square root, as Python's `x ** 0.5`.
    public static Tensor root(Tensor x) {
        return x.pow(new Scalar(0.5));
    }

    /// A number as a scalar tensor of fp32.
    public static Tensor scalar(double value) {
        return scalar(value, ScalarType.Float);
    }

    private static Tensor scalar(double value, ScalarType type) {
        return torch.scalar_tensor(new Scalar(value), new TensorOptions(type));
    }

    private static double[] values(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.numel())];
        new DoublePointer(tensor.to(ScalarType.Double).contiguous().data_ptr()).get(values);
        return values;
    }

    /// `sqrt(a) sample + sqrt(1 - a) noise`, where `a` is cast to the sample's type **before** the root.
    public Tensor addNoise(Tensor sample, Tensor noise, long... timesteps) {
        return Scoped.tensor(() -> {
            double[] shares = Arrays.stream(timesteps)
                    .mapToDouble(t -> alphas[Math.toIntExact(t < 0 ? t + alphas.length : t)])
                    .toArray();
            long[] shape = new long[Math.toIntExact(sample.dim())];
            Arrays.fill(shape, 1);
            shape[0] = shares.length;
            Tensor share = torch.tensor(shares)
                    .to(sample.device(), sample.scalar_type().intern())
                    .reshape(shape);
            return root(share).mul(sample).add(root(oneMinus(share)).mul(noise));
        });
    }
}
