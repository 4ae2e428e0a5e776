package io.github.cogvideo4j.inference.internal.scheduler;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The growth of the noise's variance over the training timesteps.
///
/// Source: the `beta_schedule` values of diffusers' CogVideoX schedulers. The tables are made with libtorch's
/// own `linspace`, because its rounding belongs to the result.
public enum BetaSchedule {
    /// Straight from the first to the last beta, in fp32.
    LINEAR("linear"),
    /// Straight between their square roots: what every CogVideoX model uses.
    SCALED_LINEAR("scaled_linear"),
    /// From a squared cosine that alpha follows, capped at 0.999, in fp32.
    SQUAREDCOS_CAP_V2("squaredcos_cap_v2");

    private static final double LARGEST_BETA = 0.999;

    private final String id;

    BetaSchedule(String id) {
        this.id = id;
    }

    /// The value in `scheduler_config.json`.
    public String id() {
        return id;
    }

    /// The betas of all training timesteps.
    ///
    /// @param config           their number and ends
    /// @param scaledLinearType the type of [#SCALED_LINEAR]: fp64 for denoising, fp32 for inversion
    public Tensor betas(SchedulerConfig config, ScalarType scaledLinearType) {
        long steps = config.numTrainTimesteps();
        return switch (this) {
            case LINEAR -> linspace(config.betaStart(), config.betaEnd(), steps, ScalarType.Float);
            case SCALED_LINEAR -> {
                Tensor roots =
                        linspace(Math.sqrt(config.betaStart()), Math.sqrt(config.betaEnd()), steps, scaledLinearType);
                yield roots.mul(roots);
            }
            case SQUAREDCOS_CAP_V2 -> squaredCosine(config.numTrainTimesteps());
        };
    }

    private static Tensor linspace(double first, double last, long steps, ScalarType type) {
        return torch.linspace(new Scalar(first), new Scalar(last), steps, new TensorOptions(type));
    }

    private static Tensor squaredCosine(int steps) {
        float[] betas = new float[steps];
        for (int step = 0; step < steps; step++) {
            double kept = alphaBar((step + 1) / (double) steps) / alphaBar(step / (double) steps);
            betas[step] = (float) Math.min(1 - kept, LARGEST_BETA);
        }
        return torch.tensor(betas);
    }

    /// What is left of the signal's variance after a share of the time.
    private static double alphaBar(double time) {
        double cosine = Math.cos((time + 0.008) / 1.008 * Math.PI / 2);
        return cosine * cosine;
    }
}
