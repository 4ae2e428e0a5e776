package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.scheduler.Scheduler;
import io.github.cogvideo4j.inference.internal.scheduler.Step;
import io.github.cogvideo4j.inference.internal.scheduler.StepPosition;
import io.github.cogvideo4j.inference.internal.transformer.CogVideoXTransformer;
import io.github.cogvideo4j.inference.internal.transformer.TransformerInput;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The loop from noisy latents to clean ones: predict, guide, step, cast back.
///
/// Source: `__call__` of diffusers' CogVideoX pipelines. Prediction and guidance are fp32, latents in the
/// precision of the model.
///
/// @param transformer predicts
/// @param scheduler   steps
/// @param guidance    how strongly the prompt counts
/// @param precision   the latents' type
/// @param text        `[negative and positive prompts, tokens, width]`, or the positive ones without guidance
/// @param image       the image's latents, for image to video: beside the noisy ones in every prediction
/// @param reference   `[steps, batch, frames, channels, height, width]`, latents of another run that the
///                    attention of each step sees as well; the text then holds its rows a second time
/// @param probe       sees what happens
record Denoising(
        CogVideoXTransformer transformer,
        Scheduler scheduler,
        Guidance guidance,
        Precision precision,
        Tensor text,
        Optional<Tensor> image,
        Optional<Tensor> reference,
        Probe probe) {
    /// Is told of every step.
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
    /// @param start     `[batch, frames, channels, height, width]`; stays open
    /// @param timesteps the timesteps to visit
    /// @param steps     how many steps were asked for
    /// @return the clean latents; whoever called closes them
    Tensor run(Tensor start, long[] timesteps, int steps, RandomSource random, Listener listener) {
        Tensor latents = Scoped.owned(() -> List.of(start.clone())).getFirst();
        Optional<Tensor> denoised = Optional.empty();
        try {
            for (int i = 0; i < timesteps.length; i++) {
                StepPosition at = new StepPosition(
                        steps,
                        timesteps[i],
                        i == 0 ? OptionalLong.empty() : OptionalLong.of(timesteps[i - 1]),
                        denoised);
                int index = i;
                Tensor before = latents;
                List<Tensor> made = Scoped.owned(() -> step(before, index, at, random));
                denoised.ifPresent(Tensor::close);
                denoised = Optional.of(made.getLast());
                latents = made.getFirst();
                before.close();
                checkFinite(latents, i + 1, timesteps.length);
                listener.stepped(i, latents);
            }
            return latents;
        } catch (RuntimeException | Error e) {
            latents.close();
            throw e;
        } finally {
            denoised.ifPresent(Tensor::close);
        }
    }

    private List<Tensor> step(Tensor latents, int index, StepPosition at, RandomSource random) {
        Tensor prediction = predict(latents, index, at.timestep());
        if (at.previousTimestep().isEmpty()) {
            probe.see("transformer_out_step0", prediction);
        }
        Tensor guided = guidance.combine(prediction.to(ScalarType.Float), at.timestep());
        Step step = scheduler.step(guided, at, latents, random);
        return List.of(step.sample().to(ScalarTypes.of(precision)), step.denoised());
    }

    /// What the transformer says of the latents, twice with guidance.
    private Tensor predict(Tensor latents, int index, long timestep) {
        return Scoped.tensor(() -> {
            Tensor noisy = image.map(beside -> torch.cat(new TensorVector(latents, beside), 2))
                    .orElse(latents);
            Tensor input = guided(noisy);
            if (reference.isEmpty()) {
                return transformer.forward(input(input, timestep));
            }
            Tensor other = guided(reference.get().select(0, index));
            Tensor both = torch.cat(new TensorVector(input, other));
            return transformer.forward(input(both, timestep).withReference()).narrow(0, 0, input.size(0));
        });
    }

    private Tensor guided(Tensor latents) {
        return guidance.isOn() ? torch.cat(new TensorVector(latents, latents)) : latents;
    }

    private TransformerInput input(Tensor latents, long timestep) {
        Tensor timesteps =
                torch.full(new long[] {latents.size(0)}, new Scalar(timestep), new TensorOptions(ScalarType.Long));
        return new TransformerInput(latents, text, timesteps);
    }

    private void checkFinite(Tensor latents, int step, int steps) {
        if (!Torch.isFinite(latents)) {
            Place place = transformer.config().document().place();
            if (guidance.isStrong()) {
                throw RequestCheck.refused(
                        ProblemCode.REQUEST, "inference.pipeline.not-finite-guidance", step, steps, guidance.scale());
            }
            throw new InvalidModelException(
                    ProblemCode.NAN_INF,
                    place,
                    precision == Precision.FP16
                            ? "inference.pipeline.not-finite-fp16"
                            : "inference.pipeline.not-finite",
                    step,
                    steps);
        }
    }
}
