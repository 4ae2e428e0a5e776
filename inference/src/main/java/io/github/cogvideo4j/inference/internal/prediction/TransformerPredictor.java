package io.github.cogvideo4j.inference.internal.prediction;

import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.transformer.ActivationProbe;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import io.github.cogvideo4j.inference.internal.transformer.CogVideoXTransformer;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import io.github.cogvideo4j.inference.internal.transformer.TransformerInput;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The transformer as a noise predictor: all rows in one forward, some of it taken from a step cache.
public final class TransformerPredictor implements NoisePredictor {
    private final CogVideoXTransformer transformer;
    private final StepCache cache;
    private final BlockWork work;
    private final ActivationProbe probe;
    private int calls;

    /// A predictor for one run.
    ///
    /// @param cache the cache of this run; the caller closes it
    /// @param work  counts what is computed
    /// @param probe sees what each call computes under `step.N`, and the first prediction as
    ///              `transformer_out_step0`
    public TransformerPredictor(
            CogVideoXTransformer transformer, StepCache cache, BlockWork work, ActivationProbe probe) {
        this.transformer = transformer;
        this.cache = cache;
        this.work = work;
        this.probe = probe;
    }

    @Override
    public Tensor predict(NoiseQuery query) {
        return Scoped.tensor(() -> {
            Tensor noisy = query.image()
                    .map(beside -> torch.cat(new TensorVector(query.latents(), beside), 2))
                    .orElse(query.latents());
            // A single latent frame does not fill a patch in time; as in VideoX-Fun an empty one follows it.
            boolean padded = noisy.size(1) < transformer.config().patchSizeT().orElse(1);
            Tensor rows = rows(query, padded ? withEmptyFrames(noisy) : noisy);
            if (query.reference().isEmpty()) {
                Tensor prediction = predicted(input(query, rows, query.text()), query.timestep());
                return padded ? prediction.narrow(1, 0, noisy.size(1)) : prediction;
            }
            Tensor others = rows(query, query.reference().get());
            Tensor both = torch.cat(new TensorVector(rows, others));
            Tensor text = torch.cat(new TensorVector(query.text(), query.text()));
            return predicted(input(query, both, text).withReference(), query.timestep())
                    .narrow(0, 0, rows.size(0));
        });
    }

    private Tensor withEmptyFrames(Tensor noisy) {
        long[] shape = noisy.shape();
        shape[1] = transformer.config().patchSizeT().orElse(1) - shape[1];
        Tensor empty = torch.zeros(shape, noisy.options());
        return torch.cat(new TensorVector(noisy, empty), 1);
    }

    private static Tensor rows(NoiseQuery query, Tensor latents) {
        return query.isGuided() ? torch.cat(new TensorVector(latents, latents)) : latents;
    }

    private static TransformerInput input(NoiseQuery query, Tensor latents, Tensor text) {
        Tensor timesteps = torch.full(
                new long[] {latents.size(0)}, new Scalar(query.timestep()), new TensorOptions(ScalarType.Float));
        return new TransformerInput(latents, text, timesteps).withPlaces(query.places());
    }

    private Tensor predicted(TransformerInput input, double timestep) {
        work.asked(input.latents().size(0) * transformer.config().numLayers());
        Tensor prediction =
                cache.predict(new TransformerCall(transformer, input, timestep, work, probe.at("step." + calls)));
        if (calls == 0) {
            probe.see("transformer_out_step0", prediction);
        }
        calls++;
        return prediction;
    }
}
