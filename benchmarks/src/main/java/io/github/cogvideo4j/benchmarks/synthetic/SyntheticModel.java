package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// A transformer with the layers of CogVideoX at another size.
public final class SyntheticModel {
    private static final int HEAD_DIM = 64;
    /// Attention heads of CogVideoX-2b.
    public static final int HEADS_2B = 30;
    /// Layers of CogVideoX-2b.
    public static final int LAYERS_2B = 30;

    /// Attention heads of CogVideoX-5b.
    public static final int HEADS_5B = 48;
    /// Layers of CogVideoX-5b.
    public static final int LAYERS_5B = 42;

    private SyntheticModel() {}

    /// The parameters of a model of about this many: the widths of CogVideoX-2b or -5b with fewer or more
    /// layers, and below 0.1 billion two narrower layers.
    ///
    /// @param billions how many, in billions
    /// @return names and shapes in the order of the state dict
    public static List<NamedShape> ofBillions(double billions) {
        double parameters = billions * 1e9;
        if (billions < 0.1) {
            return IntStream.rangeClosed(1, HEADS_2B)
                    .mapToObj(heads -> of(heads, 2))
                    .min(Comparator.comparingDouble(model -> Math.abs(count(model) - parameters)))
                    .orElseThrow();
        }
        int heads = billions < 3 ? HEADS_2B : HEADS_5B;
        long outside = count(of(heads, 0));
        long layer = count(of(heads, 1)) - outside;
        return of(heads, (int) Math.max(1, Math.round((parameters - outside) / layer)));
    }

    /// The same of a family.
    ///
    /// @param family   `cogvideox` or `wan`
    /// @param billions how many, in billions
    public static List<NamedShape> ofBillions(String family, double billions) {
        return switch (family) {
            case "cogvideox" -> ofBillions(billions);
            case "wan" -> SyntheticWan.ofBillions(billions);
            default -> throw new IllegalArgumentException("--family is cogvideox or wan, not " + family);
        };
    }

    /// The parameters of a model of this width and depth.
    ///
    /// @param heads  attention heads of 64 channels
    /// @param layers blocks
    public static List<NamedShape> of(int heads, int layers) {
        // A configuration has at least one block; the blocks of a deeper one follow it in the list.
        TransformerConfig config = TransformerConfig.of(config(heads, Math.max(1, layers)));
        return TransformerStateDict.of(config).toList().stream()
                .filter(tensor -> layers > 0 || !tensor.name().startsWith("transformer_blocks."))
                .toList();
    }

    /// The configuration of a model of this width and depth.
    public static ConfigDocument config(int heads, int layers) {
        return ConfigDocument.empty()
                .with("num_attention_heads", heads)
                .with("attention_head_dim", HEAD_DIM)
                .with("num_layers", layers)
                .with("use_rotary_positional_embeddings", heads >= HEADS_5B);
    }

    /// How many parameters these are.
    public static long count(List<NamedShape> parameters) {
        return parameters.stream().mapToLong(tensor -> tensor.shape().numel()).sum();
    }
}
