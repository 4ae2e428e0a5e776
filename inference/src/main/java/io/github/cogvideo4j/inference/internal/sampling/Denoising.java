package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.prediction.NoiseQuery;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// The loop from noisy latents to clean ones: predict, guide, step, cast back.
///
/// Source: `__call__` of diffusers' CogVideoX pipelines. Prediction and guidance are fp32, latents in the
/// precision of the model.
///
/// @param predictor predicts, guidance included: one row for each of the latents, in fp32
/// @param model     the model's place, for messages
/// @param guidance  how strongly the prompt counts in the predictions
/// @param precision the latents' type
/// @param text      `[negative and positive prompts, tokens, width]`, or the positive ones without guidance
/// @param image     the image's latents, for image to video: beside the noisy ones in every prediction
/// @param reference `[steps, batch, frames, channels, height, width]`, latents of another run that the
///                  attention of each step sees as well
record Denoising(
        NoisePredictor predictor,
        Place model,
        Guidance guidance,
        Precision precision,
        Tensor text,
        Optional<Tensor> image,
        Optional<Tensor> reference) {
    /// A listener to every step.
    @FunctionalInterface
    interface Listener {
        /// A step is done.
        ///
        /// @param index   which, counted from 0
        /// @param latents the latents after it; valid during the call
        void stepped(int index, Tensor latents);
    }

    /// Denoises.
    ///
    /// @param start   `[batch, frames, channels, height, width]`; stays open
    /// @param sampler the run that leads from there to clean latents
    /// @return the clean latents; the caller closes them
    Tensor run(Tensor start, SamplerRun sampler, RandomSource random, Listener listener) {
        Tensor latents = Scoped.owned(() -> List.of(start.clone())).getFirst();
        double[] timesteps = sampler.timesteps();
        try {
            for (int i = 0; i < timesteps.length; i++) {
                int index = i;
                Tensor before = latents;
                latents = Scoped.owned(() -> List.of(step(before, index, timesteps[index], sampler, random)))
                        .getFirst();
                before.close();
                checkFinite(latents, i + 1, timesteps.length);
                listener.stepped(i, latents);
            }
            return latents;
        } catch (RuntimeException | Error e) {
            latents.close();
            throw e;
        }
    }

    private Tensor step(Tensor latents, int index, double timestep, SamplerRun sampler, RandomSource random) {
        NoiseQuery query = new NoiseQuery(
                sampler.scaled(latents), timestep, text, image, reference.map(others -> others.select(0, index)));
        Tensor guided = predictor.predict(query);
        return sampler.step(guided, latents, random).sample().to(ScalarTypes.of(precision));
    }

    private InvalidModelException notFinite(int step, int steps) {
        boolean half = precision == Precision.FP16;
        Problem problem = Problem.of(
                ProblemCode.NAN_INF,
                model,
                half ? "inference.pipeline.not-finite-fp16" : "inference.pipeline.not-finite",
                step,
                steps);
        List<Remedy> remedies = new ArrayList<>(List.of(Remedy.change(Remedy.Field.DTYPE, half ? "bf16" : "fp32")));
        model.file().filter(file -> !half).ifPresent(file -> remedies.add(new Remedy.Diagnose(file, true)));
        return new InvalidModelException(problem.with(remedies.toArray(Remedy[]::new)));
    }

    private void checkFinite(Tensor latents, int step, int steps) {
        if (!Torch.isFinite(latents)) {
            if (guidance.isStrong()) {
                throw RequestCheck.refused(
                        ProblemCode.REQUEST, "inference.pipeline.not-finite-guidance", step, steps, guidance.scale());
            }
            throw notFinite(step, steps);
        }
    }
}
