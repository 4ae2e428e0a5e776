package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.transformer.CogVideoXTransformer;
import io.github.cogvideo4j.inference.internal.transformer.TransformerInput;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Four layers of CogVideoX-2b's width on 3 latent frames of 30x44 and 226 text tokens, with weights in any format.
final class DeepSubject implements AutoCloseable {
    private static final int LAYERS = 4;
    private static final long FRAMES = 3;
    private static final long HEIGHT = 30;
    private static final long WIDTH = 44;
    private static final long TEXT = 226;

    private final TransformerConfig config =
            TransformerConfig.of(ConfigDocument.empty().with("num_layers", LAYERS));
    private final Precision precision;
    private final WeightStore weights;
    private final Tensor latents;
    private final Tensor text;

    DeepSubject(Precision precision) {
        this.precision = precision;
        this.weights = new WeightStore(
                Path.of("random"),
                TransformerStateDict.of(config).toList().stream()
                        .map(tensor -> RandomWeights.of(tensor.name(), precision.dtype(), tensor.shape()))
                        .toList());
        BareCalls calls = new BareCalls(weights.in(precision, ComputeDevice.CPU));
        this.latents = calls.input(1, FRAMES, config.inChannels(), HEIGHT, WIDTH);
        this.text = calls.input(2, TEXT, config.textEmbedDim());
    }

    /// The transformer with its linear layers' weights in a format.
    CogVideoXTransformer transformer(WeightFormat format) {
        return new CogVideoXTransformer(weights.in(precision, ComputeDevice.CPU, format), config);
    }

    /// What the program foretells that the weights take in memory of their own.
    long weightBytes(WeightFormat format) {
        return weights.in(precision, ComputeDevice.CPU, format).ownByteLength();
    }

    /// `[1, frames, channels, height, width]`.
    Tensor latents() {
        return latents;
    }

    /// Of a guided run: `[2, tokens, width]`.
    Tensor text() {
        return text;
    }

    /// One row.
    TransformerInput input() {
        return new TransformerInput(latents, text.narrow(0, 0, 1), torch.tensor(new long[] {500}));
    }

    @Override
    public void close() {
        weights.close();
    }
}
