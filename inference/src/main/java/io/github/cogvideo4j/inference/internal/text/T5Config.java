package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import java.io.IOException;
import java.nio.file.Path;

/// The configuration of a T5 v1.1 encoder, as `text_encoder/config.json` has it. Every size is bounded.
///
/// Source of keys and defaults: `T5Config` of transformers.
///
/// @param vocabSize   tokens in the embedding table
/// @param dModel      width
/// @param dKv         width of a head
/// @param dFf         width inside the feed-forward
/// @param numLayers   layers
/// @param numHeads    heads
/// @param buckets     buckets of relative positions; even
/// @param maxDistance the distance from which on all positions share a bucket
/// @param epsilon     of the norms
/// @param document    the JSON it came from
public record T5Config(
        int vocabSize,
        int dModel,
        int dKv,
        int dFf,
        int numLayers,
        int numHeads,
        int buckets,
        int maxDistance,
        double epsilon,
        ConfigDocument document) {
    private static final int MAX_VOCABULARY = 1 << 20;
    private static final int MAX_WIDTH = 1 << 16;
    private static final int MAX_LAYERS = 1 << 10;

    /// Reads a `config.json`.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException `config-missing` or `config-invalid`
    public static T5Config read(Path file) throws IOException {
        return of(ConfigDocument.read(file));
    }

    /// Takes the values out of a document.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException `config-invalid`, naming field and
    /// value; also for a T5 of another kind than 1.1
    public static T5Config of(ConfigDocument json) {
        String type = json.text("model_type", "t5");
        if (!type.equals("t5")) {
            throw json.invalid("inference.text.not-t5", "model_type", type, "t5");
        }
        String activation = json.text("feed_forward_proj", "relu");
        if (!activation.equals("gated-gelu")) {
            throw json.invalid("inference.text.not-t5", "feed_forward_proj", activation, "gated-gelu");
        }
        T5Config config = new T5Config(
                json.integer("vocab_size", 32_128, 1, MAX_VOCABULARY),
                json.integer("d_model", 512, 1, MAX_WIDTH),
                json.integer("d_kv", 64, 1, MAX_WIDTH),
                json.integer("d_ff", 2_048, 1, MAX_WIDTH),
                json.integer("num_layers", 6, 1, MAX_LAYERS),
                json.integer("num_heads", 8, 1, MAX_LAYERS),
                json.integer("relative_attention_num_buckets", 32, 4, MAX_WIDTH),
                json.integer("relative_attention_max_distance", 128, 2, MAX_WIDTH),
                json.number("layer_norm_epsilon", 1e-6),
                json);
        if (config.innerDim() > MAX_WIDTH) {
            throw json.invalid("inference.text.too-wide", config.numHeads, config.dKv, MAX_WIDTH);
        }
        if (config.buckets % 4 != 0 || config.maxDistance <= config.buckets / 4) {
            throw json.invalid("inference.text.buckets", config.buckets, config.maxDistance);
        }
        return config;
    }

    /// The width of the attention: heads times the width of a head.
    public int innerDim() {
        return numHeads * dKv;
    }
}
