package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The ratio of noise to signal (`sigma`) at each training timestep, in fp32, and what schedules are made of it.
///
/// Source: `set_timesteps` of diffusers' schedulers on sigmas; Karras et al., "Elucidating the Design Space of
/// Diffusion-Based Generative Models" (arXiv 2206.00364), equation 5.
public final class SigmaTable {
    private static final double RHO = 7;
    private static final double LEAST = 1e-10;

    private final float[] sigmas;

    private SigmaTable(float... sigmas) {
        this.sigmas = sigmas;
    }

    /// The sigmas of a table of products, `sqrt((1 - a) / a)`.
    public static SigmaTable of(NoiseTable table) {
        float[] sigmas = new float[table.alphas().length];
        Scoped.run(() -> {
            Tensor alphas = torch.tensor(table.alphas()).to(ScalarType.Float);
            Tensor values =
                    NoiseTable.root(NoiseTable.oneMinus(alphas).div(alphas)).contiguous();
            new FloatPointer(values.data_ptr()).get(sigmas);
        });
        return new SigmaTable(sigmas);
    }

    /// The smallest sigma, that of timestep 0.
    public double smallest() {
        return sigmas[0];
    }

    /// The largest sigma.
    public double largest() {
        return sigmas[sigmas.length - 1];
    }

    /// The sigma of a timestep, between two of them interpolated; beyond the ends that of the end.
    public double at(double timestep) {
        int below = (int) Math.floor(Math.clamp(timestep, 0, sigmas.length - 1.0));
        double share = Math.clamp(timestep, 0, sigmas.length - 1.0) - below;
        return share == 0 ? sigmas[below] : ((double) sigmas[below + 1] - sigmas[below]) * share + sigmas[below];
    }

    /// The timestep of a sigma: interpolated between the logarithms of the table.
    public double timestep(double sigma) {
        double log = Math.log(Math.max(sigma, LEAST));
        int below = 0;
        while (below < sigmas.length - 2 && log >= NumpyLog.of(sigmas[below + 1])) {
            below++;
        }
        float low = NumpyLog.of(sigmas[below]);
        float high = NumpyLog.of(sigmas[below + 1]);
        double share = Math.clamp((low - log) / (low - high), 0, 1);
        return (1 - share) * below + share * (below + 1);
    }

    /// Sigmas spread so that steps shrink towards the end, as Karras et al. do.
    ///
    /// @param largest  the first
    /// @param smallest the last
    /// @param steps    how many
    public static double[] karras(double largest, double smallest, int steps) {
        double first = Math.pow(largest, 1 / RHO);
        double last = Math.pow(smallest, 1 / RHO);
        double[] spread = new double[steps];
        for (int i = 0; i < steps; i++) {
            double share = steps == 1 ? 0 : i == steps - 1 ? 1 : i * (1.0 / (steps - 1));
            spread[i] = Math.pow(first + share * (last - first), RHO);
        }
        return spread;
    }
}
