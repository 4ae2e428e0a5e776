package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The state dict of a `CogVideoXTransformer3DModel`: the exact keys and sizes that a configuration implies, in
/// the order in which torch lists them (a module's own tensors, then its children's).
///
/// Source: the modules that diffusers' constructor makes.
public final class TransformerStateDict {
    /// The key of the position table. It is a buffer, and part of the state dict only when the positions are
    /// learned.
    public static final String POSITION_TABLE = "patch_embed.pos_embedding";

    private final SequencedMap<String, Shape> shapes = new LinkedHashMap<>();

    private TransformerStateDict() {}

    /// The state dict of a configuration.
    public static TransformerStateDict of(TransformerConfig config) {
        TransformerStateDict tensors = new TransformerStateDict();
        tensors.addPatchEmbedding(config);
        tensors.addTimestepEmbedding("time_embedding", config.innerDim(), config.timeEmbedDim());
        config.ofsEmbedDim().ifPresent(size -> tensors.addTimestepEmbedding("ofs_embedding", size, size));
        for (int i = 0; i < config.numLayers(); i++) {
            tensors.addBlock("transformer_blocks." + i + ".", config);
        }
        tensors.addLayerNorm("norm_final", config.innerDim(), config.normElementwiseAffine());
        tensors.addLinear("norm_out.linear", config.timeEmbedDim(), 2L * config.innerDim(), true);
        tensors.addLayerNorm("norm_out.norm", config.innerDim(), config.normElementwiseAffine());
        tensors.addLinear("proj_out", config.innerDim(), patchVolume(config) * config.outChannels(), true);
        return tensors;
    }

    /// The sizes by key, in order.
    public Map<String, Shape> shapes() {
        return Collections.unmodifiableMap(shapes);
    }

    /// The same as a list.
    public List<NamedShape> toList() {
        return shapes.entrySet().stream()
                .map(entry -> new NamedShape(entry.getKey(), entry.getValue()))
                .toList();
    }

    /// The number of trainable values; the position table is a buffer and does not count.
    public long parameterCount() {
        return shapes.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(POSITION_TABLE))
                .mapToLong(entry -> entry.getValue().numel())
                .sum();
    }

    private static long patchVolume(TransformerConfig config) {
        return (long) config.patchSize()
                * config.patchSize()
                * config.patchSizeT().orElse(1);
    }

    /// Flat patches are a convolution, patches with a depth in time a linear layer that always has a bias.
    private void addPatchEmbedding(TransformerConfig config) {
        int width = config.innerDim();
        if (config.useLearnedPositionalEmbeddings()) {
            add(POSITION_TABLE, 1, config.positionTableLength(), width);
        }
        if (config.patchSizeT().isPresent()) {
            addLinear("patch_embed.proj", patchVolume(config) * config.inChannels(), width, true);
        } else {
            add("patch_embed.proj.weight", width, config.inChannels(), config.patchSize(), config.patchSize());
            if (config.patchBias()) {
                add("patch_embed.proj.bias", width);
            }
        }
        addLinear("patch_embed.text_proj", config.textEmbedDim(), width, true);
    }

    private void addTimestepEmbedding(String name, long in, long out) {
        addLinear(name + ".linear_1", in, out, true);
        addLinear(name + ".linear_2", out, out, true);
    }

    /// One block. Its per-head query and key norms are affine whatever `norm_elementwise_affine` says.
    private void addBlock(String block, TransformerConfig config) {
        int width = config.innerDim();
        addModulatedNorm(block + "norm1", config);
        addLayerNorm(block + "attn1.norm_q", config.attentionHeadDim(), true);
        addLayerNorm(block + "attn1.norm_k", config.attentionHeadDim(), true);
        addLinear(block + "attn1.to_q", width, width, config.attentionBias());
        addLinear(block + "attn1.to_k", width, width, config.attentionBias());
        addLinear(block + "attn1.to_v", width, width, config.attentionBias());
        addLinear(block + "attn1.to_out.0", width, width, true);
        addModulatedNorm(block + "norm2", config);
        long hidden = 4L * width;
        addLinear(block + "ff.net.0.proj", width, isGated(config.activationFn()) ? 2 * hidden : hidden, true);
        addLinear(block + "ff.net.2", hidden, width, true);
    }

    /// Shift, scale and gate for the video's rows, then for the text's: six outputs.
    private void addModulatedNorm(String name, TransformerConfig config) {
        addLinear(name + ".linear", config.timeEmbedDim(), 6L * config.innerDim(), true);
        addLayerNorm(name + ".norm", config.innerDim(), config.normElementwiseAffine());
    }

    /// Gated activations project to twice the width, one half being the gate.
    private static boolean isGated(String activation) {
        return activation.equals("geglu") || activation.equals("swiglu");
    }

    private void addLayerNorm(String name, long width, boolean affine) {
        if (affine) {
            add(name + ".weight", width);
            add(name + ".bias", width);
        }
    }

    private void addLinear(String name, long in, long out, boolean bias) {
        add(name + ".weight", out, in);
        if (bias) {
            add(name + ".bias", out);
        }
    }

    private void add(String name, long... sizes) {
        shapes.put(name, Shape.of(sizes));
    }
}
