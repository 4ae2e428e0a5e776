package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// T5's positions: what is added to the attention scores of two tokens depends on their distance only, in
/// buckets that grow with it. The first layer has the table, all layers use it.
final class RelativePositions {
    private final T5Config config;
    private final Weight weight; // [buckets, heads]

    /// @param weights the first layer's attention
    RelativePositions(Weights weights, T5Config config) {
        this.config = config;
        this.weight = weights.at("relative_attention_bias").get("weight", config.buckets(), config.numHeads());
    }

    /// The bias for a number of tokens, `[1, heads, tokens, tokens]`.
    Tensor bias(int tokens) {
        long[] buckets = new long[Math.multiplyExact(tokens, tokens)];
        for (int query = 0; query < tokens; query++) {
            for (int key = 0; key < tokens; key++) {
                buckets[query * tokens + key] = bucket(key - query, config.buckets(), config.maxDistance());
            }
        }
        return weight.rows(torch.tensor(buckets).view(tokens, tokens))
                .permute(2, 0, 1)
                .unsqueeze(0)
                .contiguous();
    }

    /// The bucket of a distance: half of them for keys after the query; of each half, the first half for small
    /// distances one by one, the rest for logarithmically growing ranges. The logarithm is computed in fp32, as
    /// in the reference: a bucket's border depends on it.
    static int bucket(int distance, int buckets, int maxDistance) {
        int half = buckets / 2;
        int exact = half / 2;
        int side = distance > 0 ? half : 0;
        int length = Math.abs(distance);
        if (length < exact) {
            return side + length;
        }
        float logarithm = (float) StrictMath.log((float) length / exact);
        float position = logarithm / (float) Math.log((double) maxDistance / exact) * (half - exact);
        return side + Math.min(exact + (int) position, half - 1);
    }
}
