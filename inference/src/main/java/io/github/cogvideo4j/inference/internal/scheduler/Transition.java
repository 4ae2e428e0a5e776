package io.github.cogvideo4j.inference.internal.scheduler;

import static io.github.cogvideo4j.inference.internal.scheduler.NoiseTable.oneMinus;

import org.bytedeco.pytorch.Tensor;

/// What every denoising step starts from.
///
/// @param alpha       the share of the signal's variance now, a scalar
/// @param alphaTarget the share after the step, a scalar
/// @param beta        `1 - alpha`
/// @param denoised    the sample without noise, as the prediction tells it
/// @param last        whether nothing of the noise is left after it
record Transition(Tensor alpha, Tensor alphaTarget, Tensor beta, Tensor denoised, boolean last) {
    static Transition of(SchedulerConfig config, NoiseTable table, Tensor prediction, StepPosition at, Tensor sample) {
        long target = at.timestep() - config.numTrainTimesteps() / at.steps();
        boolean last = target < 0;
        Tensor alpha = table.at(at.timestep());
        Tensor beta = oneMinus(alpha);
        Tensor denoised = Denoised.from(config.predictionType(), prediction, sample, alpha, beta);
        return new Transition(alpha, last ? table.end(config) : table.at(target), beta, denoised, last);
    }
}
