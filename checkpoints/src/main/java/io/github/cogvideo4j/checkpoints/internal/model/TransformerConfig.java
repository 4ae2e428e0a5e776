package io.github.cogvideo4j.checkpoints.internal.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/// The configuration of a `CogVideoXTransformer3DModel`, as `transformer/config.json` has it. A key that is
/// absent has diffusers' default; keys that mean nothing here stay in [#document()].
///
/// Sources of keys and defaults: the constructor of diffusers' `CogVideoXTransformer3DModel`. Every size is
/// bounded, so that no product of them overflows and no list made from them is huge.
///
/// @param numAttentionHeads             attention heads
/// @param attentionHeadDim              channels of a head
/// @param inChannels                    latent channels going in; twice the output's for image to video
/// @param outChannels                   latent channels coming out
/// @param flipSinToCos                  whether the timestep's cosines come before its sines
/// @param freqShift                     shift of the timestep's frequencies
/// @param timeEmbedDim                  channels of the timestep's embedding
/// @param ofsEmbedDim                   channels of the "ofs" embedding that CogVideoX1.5 image to video has
/// @param textEmbedDim                  channels of the text encoder's output
/// @param numLayers                     transformer blocks
/// @param dropout                       dropout in training
/// @param attentionBias                 whether the query, key and value projections have a bias
/// @param sampleWidth                   default width, in latent pixels
/// @param sampleHeight                  default height, in latent pixels
/// @param sampleFrames                  default length, in video frames
/// @param patchSize                     height and width of a patch, in latent pixels
/// @param patchSizeT                    latent frames in a patch (CogVideoX1.5); empty when patches are flat
/// @param temporalCompressionRatio      video frames in a latent frame
/// @param maxTextSeqLength              text tokens
/// @param activationFn                  the feed-forward's activation
/// @param timestepActivationFn          the timestep embedding's activation
/// @param normElementwiseAffine         whether the layer norms have weight and bias
/// @param normEps                       epsilon of the layer norms
/// @param spatialInterpolationScale     scale of the position table's height and width
/// @param temporalInterpolationScale    scale of the position table's time
/// @param useRotaryPositionalEmbeddings whether positions are rotary instead of an added table
/// @param useLearnedPositionalEmbeddings whether the added table is kept with the weights
/// @param patchBias                     whether the convolution of flat patches has a bias
/// @param document                      the JSON it came from
public record TransformerConfig(
        int numAttentionHeads,
        int attentionHeadDim,
        int inChannels,
        int outChannels,
        boolean flipSinToCos,
        double freqShift,
        int timeEmbedDim,
        OptionalInt ofsEmbedDim,
        int textEmbedDim,
        int numLayers,
        double dropout,
        boolean attentionBias,
        int sampleWidth,
        int sampleHeight,
        int sampleFrames,
        int patchSize,
        OptionalInt patchSizeT,
        int temporalCompressionRatio,
        int maxTextSeqLength,
        String activationFn,
        String timestepActivationFn,
        boolean normElementwiseAffine,
        double normEps,
        double spatialInterpolationScale,
        double temporalInterpolationScale,
        boolean useRotaryPositionalEmbeddings,
        boolean useLearnedPositionalEmbeddings,
        boolean patchBias,
        ConfigDocument document) {
    /// The class that diffusers instantiates.
    public static final String CLASS_NAME = "CogVideoXTransformer3DModel";

    private static final int MAX_HEADS = 1 << 12;
    private static final int MAX_CHANNELS = 1 << 16;
    private static final int MAX_LAYERS = 1 << 10;
    private static final int MAX_SAMPLE = 1 << 12;
    private static final int MAX_FRAMES = 1 << 14;
    private static final int MAX_PATCH = 1 << 6;

    /// Reads a `config.json`.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException `config-missing` or `config-invalid`
    public static TransformerConfig read(Path file) throws IOException {
        return of(ConfigDocument.read(file));
    }

    /// Takes the values out of a document.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException `config-invalid`, naming field and value
    public static TransformerConfig of(ConfigDocument json) {
        String className = json.text("_class_name", CLASS_NAME);
        if (!className.endsWith("Transformer3DModel")) {
            throw json.invalid("checkpoints.config.other-class", className, CLASS_NAME);
        }
        TransformerConfig config = new TransformerConfig(
                json.integer("num_attention_heads", 30, 1, MAX_HEADS),
                json.integer("attention_head_dim", 64, 1, MAX_HEADS),
                json.integer("in_channels", 16, 1, MAX_CHANNELS),
                json.integer("out_channels", 16, 1, MAX_CHANNELS),
                json.flag("flip_sin_to_cos", true),
                json.number("freq_shift", 0),
                json.integer("time_embed_dim", 512, 1, MAX_CHANNELS),
                ofsEmbedDim(json),
                json.integer("text_embed_dim", 4096, 1, MAX_CHANNELS),
                json.integer("num_layers", 30, 1, MAX_LAYERS),
                json.number("dropout", 0),
                json.flag("attention_bias", true),
                json.integer("sample_width", 90, 1, MAX_SAMPLE),
                json.integer("sample_height", 60, 1, MAX_SAMPLE),
                json.integer("sample_frames", 49, 1, MAX_FRAMES),
                json.integer("patch_size", 2, 1, MAX_PATCH),
                json.optionalInteger("patch_size_t", 1, MAX_PATCH),
                json.integer("temporal_compression_ratio", 4, 1, MAX_PATCH),
                json.integer("max_text_seq_length", 226, 1, MAX_CHANNELS),
                json.text("activation_fn", "gelu-approximate"),
                json.text("timestep_activation_fn", "silu"),
                json.flag("norm_elementwise_affine", true),
                json.number("norm_eps", 1e-5),
                json.number("spatial_interpolation_scale", 1.875),
                json.number("temporal_interpolation_scale", 1.0),
                json.flag("use_rotary_positional_embeddings", false),
                json.flag("use_learned_positional_embeddings", false),
                json.flag("patch_bias", true),
                json);
        if (config.innerDim() > MAX_CHANNELS) {
            throw json.invalid(
                    "checkpoints.config.too-wide", config.numAttentionHeads, config.attentionHeadDim, MAX_CHANNELS);
        }
        if (config.useLearnedPositionalEmbeddings && !config.useRotaryPositionalEmbeddings) {
            throw json.invalid("checkpoints.config.learned-without-rotary");
        }
        return config;
    }

    /// The width of the transformer: heads times channels of a head.
    public int innerDim() {
        return numAttentionHeads * attentionHeadDim;
    }

    /// Whether the model takes an image as well as text: its input has the image's latents beside the noise.
    public boolean isImageToVideo() {
        return inChannels == 2 * outChannels;
    }

    /// Whether the input has a mask and the latents of what it keeps beside the noise: the inpainting models of
    /// CogVideoX-Fun, which are run as VideoX-Fun runs them.
    public boolean isInpainting() {
        return inChannels == 2 * outChannels + 1;
    }

    /// The text tokens and patches in the position table that belongs to the default size. Patches in time
    /// count one latent frame each here, whatever [#patchSizeT()] says, as in the reference.
    public long positionTableLength() {
        long latentFrames = (sampleFrames - 1L) / temporalCompressionRatio + 1;
        return maxTextSeqLength + latentFrames * (sampleHeight / patchSize) * (sampleWidth / patchSize);
    }

    /// `config.json` as diffusers writes it, with every key that was read.
    public String toJson() {
        return document.toJson();
    }

    /// The reference takes 0 for "no ofs embedding", as Python's truth does.
    private static OptionalInt ofsEmbedDim(ConfigDocument json) {
        OptionalInt declared = json.optionalInteger("ofs_embed_dim", 0, MAX_CHANNELS);
        return declared.isPresent() && declared.getAsInt() == 0 ? OptionalInt.empty() : declared;
    }
}
