package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.transformer.CogVideoXTransformer;
import io.github.cogvideo4j.inference.internal.transformer.TransformerInput;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.options.Precision;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Two layers of CogVideoX-2b's width on 13 latent frames of 30x44 and 226 text tokens. The model's forward
/// has the embedding of patches and text and the output layer besides; its floor has not.
final class TransformerSubject implements MeasuredModel {
    private static final int LAYERS = 2;
    private static final long FRAMES = 13;
    private static final long HEIGHT = 30;
    private static final long WIDTH = 44;
    private static final long TEXT = 226;

    /// Inputs of the bare calls.
    private record Inputs(Tensor tokens, Tensor time, Tensor heads, Tensor hidden, Tensor wide) {}

    private final TransformerConfig config =
            TransformerConfig.of(ConfigDocument.empty().with("num_layers", LAYERS));
    private final WeightStore weights;
    private final CogVideoXTransformer transformer;
    private final TransformerInput input;
    private final BareCalls calls;
    private final Inputs inputs;

    TransformerSubject(Precision precision) {
        this.weights = new WeightStore(
                Path.of("random"),
                TransformerStateDict.of(config).toList().stream()
                        .map(tensor -> RandomWeights.of(tensor.name(), precision.dtype(), tensor.shape()))
                        .toList());
        this.transformer = new CogVideoXTransformer(weights.in(precision, ComputeDevice.CPU), config);
        this.calls = new BareCalls(weights.in(precision, ComputeDevice.CPU));
        this.input = new TransformerInput(
                calls.input(1, FRAMES, config.inChannels(), HEIGHT, WIDTH),
                calls.input(1, TEXT, config.textEmbedDim()),
                Scoped.keep(torch.tensor(new long[] {500})));
        int patch = config.patchSize();
        long tokens = TEXT + FRAMES * (HEIGHT / patch) * (WIDTH / patch);
        this.inputs = new Inputs(
                calls.input(1, tokens, config.innerDim()),
                calls.input(1, config.timeEmbedDim()),
                calls.input(1, tokens, config.numAttentionHeads(), config.attentionHeadDim()),
                calls.input(1, tokens, 4L * config.innerDim()),
                calls.wideInput(1, config.numAttentionHeads(), tokens, config.attentionHeadDim()));
    }

    @Override
    public void forward() {
        transformer.forward(input);
    }

    @Override
    public void floor() {
        long width = config.innerDim();
        for (int layer = 0; layer < LAYERS; layer++) {
            String block = "transformer_blocks." + layer + ".";
            for (String norm : new String[] {"norm1", "norm2"}) {
                calls.linear(inputs.time, block + norm + ".linear", config.timeEmbedDim(), 6 * width, true);
                calls.layerNorm(inputs.tokens, block + norm + ".norm");
            }
            for (String projection : new String[] {"to_q", "to_k", "to_v", "to_out.0"}) {
                calls.linear(inputs.tokens, block + "attn1." + projection, width, width, true);
            }
            calls.layerNorm(inputs.heads, block + "attn1.norm_q");
            calls.layerNorm(inputs.heads, block + "attn1.norm_k");
            calls.attention(inputs.wide);
            calls.linear(inputs.tokens, block + "ff.net.0.proj", width, 4 * width, true);
            calls.gelu(inputs.hidden);
            calls.linear(inputs.hidden, block + "ff.net.2", 4 * width, width, true);
        }
    }

    @Override
    public WeightStore weights() {
        return weights;
    }
}
