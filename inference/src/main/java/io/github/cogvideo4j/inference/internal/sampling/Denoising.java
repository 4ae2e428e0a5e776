package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.device.OutOfMemory;
import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.prediction.NoiseQuery;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The loop from noisy latents to clean ones: predict, guide, step, cast back. One run goes through it, or several of
/// the same steps: their predictions are computed in one pass, and everything else is each run's own, so that one
/// that ends early leaves the others as they are.
///
/// Source: `__call__` of diffusers' CogVideoX pipelines. Prediction and guidance are fp32, latents in the
/// precision of the model.
///
/// @param predictor predicts, guidance included: one row for each of the latents, in fp32
/// @param model     the model's place, for messages
/// @param guidance  how strongly the prompt counts in the predictions
/// @param precision the latents' type
record Denoising(NoisePredictor predictor, Place model, Guidance guidance, Precision precision) {
    /// A listener to every step.
    @FunctionalInterface
    interface Listener {
        /// A step is done.
        ///
        /// @param index   which, counted from 0
        /// @param latents the latents after it; valid during the call
        void stepped(int index, Tensor latents);
    }

    /// What one run goes with.
    ///
    /// @param start     `[batch, frames, channels, height, width]`; stays open
    /// @param sampler   leads from there to clean latents
    /// @param random    where its noise comes from
    /// @param text      `[negative and positive prompts, tokens, width]`, or the positive ones without guidance
    /// @param image     the image's latents, for image to video: beside the noisy ones in every prediction
    /// @param reference `[steps, batch, frames, channels, height, width]`, latents of another run that the
    ///                  attention of each step sees as well
    /// @param listener  is told of every step; what it throws ends the run
    record Run(
            Tensor start,
            SamplerRun sampler,
            RandomSource random,
            Tensor text,
            Optional<Tensor> image,
            Optional<Tensor> reference,
            Listener listener) {
        private NoiseQuery query(Tensor latents, int index) {
            return new NoiseQuery(
                    sampler.scaled(latents),
                    sampler.timesteps()[index],
                    text,
                    image,
                    reference.map(others -> others.select(0, index)));
        }
    }

    /// How a run ended.
    sealed interface Ended {
        /// With clean latents; the receiver closes them.
        record Clean(Tensor latents) implements Ended {}

        /// With an exception of its own.
        record Failed(RuntimeException why) implements Ended {}
    }

    /// Denoises.
    ///
    /// @return the clean latents; the caller closes them
    Tensor run(Run one) {
        return switch (run(List.of(one)).getFirst()) {
            case Ended.Clean(Tensor latents) -> latents;
            case Ended.Failed(RuntimeException why) -> throw why;
        };
    }

    /// Denoises runs whose samplers have the same timesteps and whose tensors have the same sizes.
    ///
    /// @return how each of them ended
    List<Ended> run(List<Run> runs) {
        List<Going> going = new ArrayList<>();
        List<Optional<Ended>> ended = new ArrayList<>(Collections.nCopies(runs.size(), Optional.empty()));
        try {
            for (int i = 0; i < runs.size(); i++) {
                Run run = runs.get(i);
                Tensor copy = Scoped.owned(() -> List.of(run.start().clone())).getFirst();
                going.add(new Going(i, run, copy));
            }
            int steps = runs.getFirst().sampler().timesteps().length;
            for (int i = 0; i < steps && !going.isEmpty(); i++) {
                step(going, i, steps, ended);
            }
            for (Going run : going) {
                ended.set(run.number(), Optional.of(new Ended.Clean(run.latents())));
            }
            return ended.stream().flatMap(Optional::stream).toList();
        } catch (RuntimeException | Error e) {
            going.forEach(run -> run.latents().close());
            throw e;
        }
    }

    /// A run that has not ended.
    private record Going(int number, Run run, Tensor latents) {}

    /// Takes a step with all that go on, and leaves those among them that go on after it.
    private void step(List<Going> going, int index, int steps, List<Optional<Ended>> ended) {
        List<Tensor> after = Scoped.owned(() -> after(going, index));
        List<Going> left = new ArrayList<>();
        for (int i = 0; i < going.size(); i++) {
            Going before = going.get(i);
            before.latents().close();
            left.add(new Going(before.number(), before.run(), after.get(i)));
        }
        going.clear();
        going.addAll(left);
        for (Going run : left) {
            try {
                checkFinite(run.latents(), index + 1, steps);
                run.run().listener().stepped(index, run.latents());
            } catch (RuntimeException e) {
                if (OutOfMemory.is(e)) {
                    throw e; // the others' memory too
                }
                going.remove(run);
                run.latents().close();
                ended.set(run.number(), Optional.of(new Ended.Failed(e)));
            }
        }
    }

    private List<Tensor> after(List<Going> going, int index) {
        List<NoiseQuery> queries =
                going.stream().map(run -> run.run().query(run.latents(), index)).toList();
        Tensor guided = predictor.predict(queries.size() == 1 ? queries.getFirst() : joined(queries));
        List<Tensor> after = new ArrayList<>();
        long row = 0;
        for (Going run : going) {
            long rows = run.latents().size(0);
            Tensor own = guided.narrow(0, row, rows);
            row += rows;
            after.add(run.run()
                    .sampler()
                    .step(own, run.latents(), run.run().random())
                    .sample()
                    .to(ScalarTypes.of(precision)));
        }
        return after;
    }

    /// One question for several: negative rows of all of them first, as guidance expects.
    private static NoiseQuery joined(List<NoiseQuery> queries) {
        NoiseQuery first = queries.getFirst();
        List<Tensor> text = new ArrayList<>();
        if (first.isGuided()) {
            queries.forEach(
                    query -> text.add(query.text().narrow(0, 0, query.latents().size(0))));
            queries.forEach(query -> text.add(query.text()
                    .narrow(0, query.latents().size(0), query.latents().size(0))));
        } else {
            queries.forEach(query -> text.add(query.text()));
        }
        return new NoiseQuery(
                stacked(queries.stream().map(NoiseQuery::latents).toList()),
                first.timestep(),
                stacked(text),
                beside(queries, NoiseQuery::image),
                beside(queries, NoiseQuery::reference));
    }

    private static Optional<Tensor> beside(List<NoiseQuery> queries, Function<NoiseQuery, Optional<Tensor>> part) {
        List<Tensor> parts =
                queries.stream().map(part).flatMap(Optional::stream).toList();
        return parts.isEmpty() ? Optional.empty() : Optional.of(stacked(parts));
    }

    private static Tensor stacked(List<Tensor> tensors) {
        return torch.cat(new TensorVector(tensors.toArray(Tensor[]::new)));
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
