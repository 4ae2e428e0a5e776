package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.BlockStream;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The encoder of T5 v1.1.
public final class T5Encoder {
    /// The name of its list of layers.
    public static final String LAYERS = "encoder.block";

    /// Whose exponential is 0, whatever is added to it. The reference takes each type's lowest value.
    private static final double IGNORED = -65_504;

    private final Weights weights;
    private final Weight embedding; // [vocabulary, width]
    private final RelativePositions positions;
    private final BlockStream stream = new BlockStream();
    private final List<T5Layer> layers;
    private final RmsNorm finalNorm;

    /// An encoder over weights.
    ///
    /// @param weights its state dict, in the type and on the device of use
    /// @throws io.github.cogvideo4j.inference.InvalidModelException when a tensor is missing or has another
    /// shape than the configuration says
    public T5Encoder(Weights weights, T5Config config) {
        Weights encoder = weights.at("encoder");
        this.weights = weights;
        this.embedding = weights.at("shared").get("weight", config.vocabSize(), config.dModel());
        this.positions =
                new RelativePositions(encoder.at("block", 0).at("layer", 0).at("SelfAttention"), config);
        this.layers = IntStream.range(0, config.numLayers())
                .mapToObj(i -> new T5Layer(encoder.at("block", i).in(stream.add()), config))
                .toList();
        this.finalNorm = new RmsNorm(encoder.at("final_layer_norm"), config);
    }

    /// The way of its layers to the device.
    BlockStream stream() {
        return stream;
    }

    /// The states of tokens.
    ///
    /// @param ids  `int64 [batch, tokens]`, each below the vocabulary's size
    /// @param mask `[batch, tokens]`, 0 where a token is to be ignored. CogVideoX's pipelines pass none
    /// @return `[batch, tokens, width]`, in the model's type
    public Tensor forward(Tensor ids, Optional<Tensor> mask) {
        return Scoped.tensor(() -> {
            Tensor there = ids.to(weights.device().torchDevice(), ScalarType.Long);
            Tensor bias = bias(Math.toIntExact(ids.size(1)), mask);
            Tensor hidden = embedding.rows(there);
            for (int i = 0; i < layers.size(); i++) {
                int index = i;
                Tensor before = hidden;
                hidden = Scoped.tensor(() -> {
                    List<Tensor> after = new ArrayList<>();
                    stream.run(index, () -> after.add(layers.get(index).forward(before, bias)));
                    return after.getFirst();
                });
            }
            return finalNorm.forward(hidden);
        });
    }

    private Tensor bias(int tokens, Optional<Tensor> mask) {
        Tensor bias = positions.bias(tokens);
        if (mask.isEmpty()) {
            return bias;
        }
        Tensor ignored = mask.get()
                .to(weights.device().torchDevice(), ScalarType.Long)
                .eq(new Scalar(0))
                .unsqueeze(1)
                .unsqueeze(1); // [batch, 1, 1, tokens]
        return bias.masked_fill(ignored, new Scalar(IGNORED));
    }
}
