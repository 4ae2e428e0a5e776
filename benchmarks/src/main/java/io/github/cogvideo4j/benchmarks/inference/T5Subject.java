package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.text.T5Config;
import io.github.cogvideo4j.inference.internal.text.T5Encoder;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.options.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// One layer of T5 v1.1 XXL on 226 tokens. The encoder's forward has the embedding, the table of positions
/// and the norms besides; its floor has not.
final class T5Subject implements MeasuredModel {
    private static final long TOKENS = 226;
    private static final int VOCABULARY = 1_024;
    private static final String LAYER = "encoder.block.0.layer.";
    private static final String ATTENTION = LAYER + "0.SelfAttention.";
    private static final String FEED_FORWARD = LAYER + "1.DenseReluDense.";

    /// Inputs of the bare calls.
    private record Inputs(Tensor tokens, Tensor hidden, Tensor heads, Tensor bias) {}

    private final T5Config config = T5Shapes.config(1, VOCABULARY);
    private final WeightStore weights;
    private final T5Encoder encoder;
    private final Tensor ids;
    private final BareCalls calls;
    private final Inputs inputs;

    T5Subject(Precision precision) {
        this.weights = new WeightStore(Path.of("random"), tensors(precision.dtype()));
        this.encoder = new T5Encoder(weights.in(precision, ComputeDevice.CPU), config);
        this.ids = Scoped.keep(torch.ones(new long[] {1, TOKENS}, new TensorOptions(ScalarType.Long)));
        this.calls = new BareCalls(weights.in(precision, ComputeDevice.CPU));
        this.inputs = new Inputs(
                calls.input(1, TOKENS, config.dModel()),
                calls.input(1, TOKENS, config.dFf()),
                calls.wideInput(1, config.numHeads(), TOKENS, config.dKv()),
                calls.wideInput(1, config.numHeads(), TOKENS, TOKENS));
    }

    private List<StoredTensor> tensors(DType dtype) {
        return T5Shapes.weights(config).stream()
                .map(weight -> RandomWeights.of(weight.name(), dtype, weight.shape()))
                .toList();
    }

    @Override
    public void forward() {
        encoder.forward(ids, Optional.empty());
    }

    @Override
    public void floor() {
        for (String projection : List.of("q", "k", "v")) {
            calls.linear(inputs.tokens, ATTENTION + projection, config.dModel(), config.innerDim(), false);
        }
        calls.biasedAttention(inputs.heads, inputs.bias);
        calls.linear(inputs.tokens, ATTENTION + "o", config.innerDim(), config.dModel(), false);
        calls.linear(inputs.tokens, FEED_FORWARD + "wi_0", config.dModel(), config.dFf(), false);
        calls.gelu(inputs.hidden);
        calls.linear(inputs.tokens, FEED_FORWARD + "wi_1", config.dModel(), config.dFf(), false);
        calls.linear(inputs.hidden, FEED_FORWARD + "wo", config.dFf(), config.dModel(), false);
    }

    @Override
    public WeightStore weights() {
        return weights;
    }
}
