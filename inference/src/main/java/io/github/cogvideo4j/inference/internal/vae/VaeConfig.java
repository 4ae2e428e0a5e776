package io.github.cogvideo4j.inference.internal.vae;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The configuration of an `AutoencoderKLCogVideoX`, as `vae/config.json` has it. A key that is absent has
/// diffusers' default; keys that mean nothing here stay in [#document()].
///
/// @param inChannels               channels of a video
/// @param outChannels              channels of a decoded video
/// @param blockOutChannels         channels at each level, the finest first
/// @param latentChannels           channels of latents
/// @param layersPerBlock           residual blocks at a level of the encoder; the decoder has one more
/// @param normNumGroups            groups of the norms
/// @param normEps                  epsilon of the encoder's residual blocks' norms
/// @param temporalCompressionRatio video frames in a latent frame; 1, 2, 4, ...
/// @param sampleHeight             usual height of a video; tiles are half as high
/// @param sampleWidth              usual width of a video; tiles are half as wide
/// @param scalingFactor            what latents are multiplied with before they are denoised
/// @param invertScaleLatents       whether image latents are divided by it instead, in image to video
/// @param useQuantConv             whether a 1x1x1 convolution follows the encoder
/// @param usePostQuantConv         whether a 1x1x1 convolution precedes the decoder
/// @param document                 the JSON it came from
public record VaeConfig(
        int inChannels,
        int outChannels,
        List<Integer> blockOutChannels,
        int latentChannels,
        int layersPerBlock,
        int normNumGroups,
        double normEps,
        int temporalCompressionRatio,
        int sampleHeight,
        int sampleWidth,
        double scalingFactor,
        boolean invertScaleLatents,
        boolean useQuantConv,
        boolean usePostQuantConv,
        ConfigDocument document) {
    /// Frames in a chunk, coded and plain.
    static final long LATENT_FRAMES = 2;
    static final long VIDEO_FRAMES = 8;

    private static final double USUAL_OVERLAP_HEIGHT = 1.0 / 6;
    private static final double USUAL_OVERLAP_WIDTH = 1.0 / 5;
    private static final int MAX_CHANNELS = 1 << 13;
    private static final int MAX_LEVELS = 8;
    private static final int MAX_LAYERS = 64;
    private static final int MAX_SAMPLE = 1 << 14;
    private static final List<Integer> DEFAULT_CHANNELS = List.of(128, 256, 256, 512);

    /// Reads a `config.json`.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException `config-missing` or `config-invalid`
    /// @throws InvalidModelException                                       `config-invalid`
    public static VaeConfig read(Path file) throws IOException {
        return of(ConfigDocument.read(file));
    }

    /// Takes the values out of a document.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException `config-invalid`, a value of the
    ///                                                                     wrong type or range
    /// @throws InvalidModelException                                       `config-invalid`, values that do
    ///                                                                     not fit together or mean another
    ///                                                                     model
    public static VaeConfig of(ConfigDocument json) {
        List<Integer> channels = json.has("block_out_channels")
                ? json.integers("block_out_channels", 1, MAX_CHANNELS).stream()
                        .map(Math::toIntExact)
                        .toList()
                : DEFAULT_CHANNELS;
        VaeConfig config = new VaeConfig(
                json.integer("in_channels", 3, 1, MAX_CHANNELS),
                json.integer("out_channels", 3, 1, MAX_CHANNELS),
                channels,
                json.integer("latent_channels", 16, 1, MAX_CHANNELS),
                json.integer("layers_per_block", 3, 1, MAX_LAYERS),
                json.integer("norm_num_groups", 32, 1, MAX_CHANNELS),
                json.number("norm_eps", 1e-6),
                json.integer("temporal_compression_ratio", 4, 1, 1 << MAX_LEVELS),
                json.integer("sample_height", 480, 1, MAX_SAMPLE),
                json.integer("sample_width", 720, 1, MAX_SAMPLE),
                json.number("scaling_factor", 1.15258426),
                json.flag("invert_scale_latents", false),
                json.flag("use_quant_conv", false),
                json.flag("use_post_quant_conv", false),
                json);
        config.check();
        return config;
    }

    private void check() {
        String className = document.text("_class_name", "AutoencoderKLCogVideoX");
        if (!className.equals("AutoencoderKLCogVideoX")) {
            throw invalid("_class_name", className, "AutoencoderKLCogVideoX");
        }
        String activation = document.text("act_fn", "silu");
        if (!activation.equals("silu")) {
            throw invalid("act_fn", activation, "silu");
        }
        if (blockOutChannels.isEmpty() || blockOutChannels.size() > MAX_LEVELS) {
            throw invalid("block_out_channels", blockOutChannels.toString(), "1 to " + MAX_LEVELS);
        }
        if (blockOutChannels.stream().anyMatch(channels -> channels % normNumGroups != 0)) {
            throw invalid("block_out_channels", blockOutChannels.toString(), "n x " + normNumGroups);
        }
        if (Integer.bitCount(temporalCompressionRatio) != 1 || temporalLevels() >= blockOutChannels.size()) {
            throw invalid("temporal_compression_ratio", temporalCompressionRatio, List.of("1", "2", "4"));
        }
        if (!(normEps > 0)) {
            throw invalid("norm_eps", normEps, "> 0");
        }
        if (scalingFactor == 0) {
            throw invalid("scaling_factor", scalingFactor, "> 0");
        }
    }

    private InvalidModelException invalid(String field, Object value, Object wanted) {
        return new InvalidModelException(
                ProblemCode.CONFIG_INVALID, document.place(), "inference.vae.config", field, value, wanted);
    }

    /// Levels that halve the number of frames.
    int temporalLevels() {
        return Integer.numberOfTrailingZeros(temporalCompressionRatio);
    }

    /// The number of frames that a number of latent frames decodes to: 49 for 13, 8 for 2.
    public long videoFrames(long latentFrames) {
        return ChunkedCoding.Chunk.of(latentFrames, LATENT_FRAMES).stream()
                .mapToLong(chunk -> decodedFrames(chunk.count()))
                .sum();
    }

    /// The number of latent frames that a number of frames encodes to: 13 for 49, 2 for 8.
    public long latentFrames(long videoFrames) {
        return ChunkedCoding.Chunk.of(videoFrames, VIDEO_FRAMES).stream()
                .mapToLong(chunk -> Math.ceilDiv(chunk.count(), temporalCompressionRatio()))
                .sum();
    }

    private long decodedFrames(long latentFrames) {
        long frames = latentFrames;
        for (int level = 0; level < temporalLevels(); level++) {
            frames = 2 * frames - frames % 2;
        }
        return frames;
    }

    /// Video pixels in the side of a latent pixel.
    public int spatialRatio() {
        return 1 << (blockOutChannels.size() - 1);
    }

    /// The tiles that the reference takes for the model: half its usual height and width.
    public TileSize usualTiles() {
        return new TileSize(
                Math.max(1, sampleHeight / 2), Math.max(1, sampleWidth / 2), USUAL_OVERLAP_HEIGHT, USUAL_OVERLAP_WIDTH);
    }
}
