package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/// A transformer with the names and shapes of Wan 2.2's 5-billion model (width 3072, feed-forward 14336, 48 latent
/// channels, text of width 4096) at another depth.
final class SyntheticWan {
    private static final long LATENTS = 48;
    private static final long TEXT = 4096;
    private static final long TIME = 256;

    private final List<NamedShape> tensors = new ArrayList<>();
    private final long width;
    private final long wide;

    private SyntheticWan(long width, long wide) {
        this.width = width;
        this.wide = wide;
    }

    /// The parameters of a model of about this many, in the order of the state dict.
    ///
    /// @param billions how many, in billions; below 0.5 two blocks of a fitting width
    static List<NamedShape> ofBillions(double billions) {
        double parameters = billions * 1e9;
        if (billions < 0.5) {
            return LongStream.rangeClosed(1, 24)
                    .mapToObj(heads -> of(128 * heads, 128 * heads * 14 / 3, 2))
                    .min((a, b) -> Double.compare(
                            Math.abs(SyntheticModel.count(a) - parameters),
                            Math.abs(SyntheticModel.count(b) - parameters)))
                    .orElseThrow();
        }
        long outside = SyntheticModel.count(of(3072, 14_336, 0));
        long block = SyntheticModel.count(of(3072, 14_336, 1)) - outside;
        return of(3072, 14_336, (int) Math.max(1, Math.round((parameters - outside) / block)));
    }

    private static List<NamedShape> of(long width, long wide, int blocks) {
        SyntheticWan model = new SyntheticWan(width, wide);
        model.add("scale_shift_table", 1, 2, width);
        model.add("patch_embedding.weight", width, LATENTS, 1, 2, 2);
        model.add("patch_embedding.bias", width);
        model.linear("condition_embedder.time_embedder.linear_1", width, TIME);
        model.linear("condition_embedder.time_embedder.linear_2", width, width);
        model.linear("condition_embedder.time_proj", 6 * width, width);
        model.linear("condition_embedder.text_embedder.linear_1", width, TEXT);
        model.linear("condition_embedder.text_embedder.linear_2", width, width);
        for (int i = 0; i < blocks; i++) {
            model.block("blocks." + i + ".");
        }
        model.linear("proj_out", 4 * LATENTS, width);
        return model.tensors;
    }

    private void block(String block) {
        add(block + "scale_shift_table", 1, 6, width);
        for (String attention : List.of("attn1", "attn2")) {
            for (String layer : List.of("to_q", "to_k", "to_v", "to_out.0")) {
                linear(block + attention + "." + layer, width, width);
            }
            add(block + attention + ".norm_q.weight", width);
            add(block + attention + ".norm_k.weight", width);
        }
        add(block + "norm2.weight", width);
        add(block + "norm2.bias", width);
        linear(block + "ffn.net.0.proj", wide, width);
        linear(block + "ffn.net.2", width, wide);
    }

    private void linear(String name, long out, long in) {
        add(name + ".weight", out, in);
        add(name + ".bias", out);
    }

    private void add(String name, long... sizes) {
        tensors.add(new NamedShape(name, Shape.of(sizes)));
    }
}
