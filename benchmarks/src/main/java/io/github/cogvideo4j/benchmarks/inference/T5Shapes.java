package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.internal.text.T5Config;
import java.util.ArrayList;
import java.util.List;

/// The text encoder of the real models: T5 v1.1 XXL.
final class T5Shapes {
    /// Its layers.
    static final int LAYERS = 24;
    /// Its vocabulary.
    static final int VOCABULARY = 32_128;

    private T5Shapes() {}

    /// The configuration of one with fewer layers and tokens.
    static T5Config config(int layers, int vocabulary) {
        return T5Config.of(ConfigDocument.empty()
                .with("model_type", "t5")
                .with("vocab_size", vocabulary)
                .with("d_model", 4_096)
                .with("d_kv", 64)
                .with("d_ff", 10_240)
                .with("num_layers", layers)
                .with("num_heads", 64)
                .with("feed_forward_proj", "gated-gelu"));
    }

    /// The weights of an encoder.
    static List<NamedShape> weights(T5Config config) {
        long width = config.dModel();
        long inner = config.innerDim();
        long hidden = config.dFf();
        List<NamedShape> weights = new ArrayList<>();
        weights.add(weight("shared", config.vocabSize(), width));
        for (int layer = 0; layer < config.numLayers(); layer++) {
            String at = "encoder.block." + layer + ".layer.";
            String attention = at + "0.SelfAttention.";
            for (String projection : List.of("q", "k", "v")) {
                weights.add(weight(attention + projection, inner, width));
            }
            weights.add(weight(attention + "o", width, inner));
            if (layer == 0) {
                weights.add(weight(attention + "relative_attention_bias", config.buckets(), config.numHeads()));
            }
            weights.add(weight(at + "0.layer_norm", width));
            weights.add(weight(at + "1.DenseReluDense.wi_0", hidden, width));
            weights.add(weight(at + "1.DenseReluDense.wi_1", hidden, width));
            weights.add(weight(at + "1.DenseReluDense.wo", width, hidden));
            weights.add(weight(at + "1.layer_norm", width));
        }
        weights.add(weight("encoder.final_layer_norm", width));
        return weights;
    }

    private static NamedShape weight(String module, long... sizes) {
        return new NamedShape(module + ".weight", Shape.of(sizes));
    }
}
