package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// Two linear layers with a GELU between, four times as wide inside.
final class FeedForward {
    private final String approximation;
    private final Linear in;
    private final Linear out;

    FeedForward(Weights weights, TransformerConfig config) {
        long width = config.innerDim();
        this.approximation = switch (config.activationFn()) {
            case "gelu-approximate" -> "tanh";
            case "gelu" -> "none";
            default ->
                throw new InvalidModelException(
                        ProblemCode.CONFIG_INVALID,
                        config.document().place(),
                        "inference.transformer.activation",
                        "activation_fn",
                        config.activationFn(),
                        "gelu-approximate, gelu");
        };
        this.in = Linear.of(weights.at("net", 0).at("proj"), width, 4 * width);
        this.out = Linear.of(weights.at("net", 2), 4 * width, width);
    }

    /// `[batch, tokens, width]` to the same.
    Tensor forward(Tensor tokens) {
        Tensor hidden = in.forward(tokens);
        return out.forward(torch.gelu_(hidden, approximation));
    }
}
