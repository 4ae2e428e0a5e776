package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The derivation of a T5 encoder's configuration from the names and sizes of its weights; what they do not tell is
/// that of T5 v1.1, which every published model has.
public final class TextEncoderDerivation {
    private static final int MOST_LAYERS = 1_000;
    private static final String ATTENTION = "encoder.block.0.layer.0.SelfAttention.";

    private final Map<String, Shape> shapes = new HashMap<>();
    private final Place place;

    private TextEncoderDerivation(Collection<NamedShape> tensors, Place place) {
        tensors.forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
        this.place = place;
    }

    /// Derives the configuration.
    ///
    /// @param tensors names and sizes of all weights
    /// @param place   where the weights are, for messages
    /// @throws InvalidCheckpointException `config-missing` when a tensor that determines something essential is
    ///     absent
    public static DerivedConfig derive(Collection<NamedShape> tensors, Place place) {
        return new TextEncoderDerivation(tensors, place).derive();
    }

    private DerivedConfig derive() {
        DerivedFields fields = new DerivedFields("T5EncoderModel");
        String bias = ATTENTION + "relative_attention_bias.weight";
        String hidden = "encoder.block.0.layer.1.DenseReluDense.wo.weight";
        long heads = Math.max(1, shape(bias).size(1));
        int layers = (int) IntStream.range(0, MOST_LAYERS)
                .takeWhile(layer -> shapes.containsKey("encoder.block." + layer + ".layer.0.SelfAttention.q.weight"))
                .count();
        boolean gated = shapes.containsKey("encoder.block.0.layer.1.DenseReluDense.wi_0.weight");
        fields.derived("vocab_size", shape("shared.weight").size(0), "shared.weight");
        fields.derived("d_model", shape("shared.weight").size(1), "shared.weight");
        fields.derived("num_layers", layers, "encoder.block.*");
        fields.derived("num_heads", heads, bias);
        fields.derived("relative_attention_num_buckets", shape(bias).size(0), bias);
        fields.derived("d_kv", shape(ATTENTION + "q.weight").size(0) / heads, ATTENTION + "q.weight");
        fields.derived("d_ff", shape(hidden).size(1), hidden);
        fields.derived("is_gated_act", gated, "encoder.block.0.layer.1.DenseReluDense.wi_0.weight");
        fields.derived("feed_forward_proj", gated ? "gated-gelu" : "relu", "encoder.block.0.layer.1.DenseReluDense");
        fields.derived("dense_act_fn", gated ? "gelu_new" : "relu", "encoder.block.0.layer.1.DenseReluDense");
        String everyModel = "checkpoints.derivation.every-model";
        fields.assumed("architectures", List.of("T5EncoderModel"), everyModel);
        fields.assumed("model_type", "t5", everyModel);
        fields.assumed("num_decoder_layers", layers, everyModel);
        fields.assumed("relative_attention_max_distance", 128, everyModel);
        fields.assumed("layer_norm_epsilon", 1e-6, everyModel);
        fields.assumed("dropout_rate", 0.1, everyModel);
        fields.assumed("decoder_start_token_id", 0, everyModel);
        fields.assumed("eos_token_id", 1, everyModel);
        fields.assumed("pad_token_id", 0, everyModel);
        return new DerivedConfig(fields.document().without("_class_name"), fields.values());
    }

    private Shape shape(String tensor) {
        Shape shape = shapes.getOrDefault(tensor, Shape.of());
        if (shape.rank() != 2) {
            throw new InvalidCheckpointException(
                    ProblemCode.CONFIG_MISSING, place.tensor(tensor), "checkpoints.derivation.missing-tensor", tensor);
        }
        return shape;
    }
}
