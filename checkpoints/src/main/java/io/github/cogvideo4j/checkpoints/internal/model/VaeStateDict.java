package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The tensors that an `AutoencoderKLCogVideoX` of some sizes has.
///
/// Facts: diffusers' class, and the golden pipelines' files.
public final class VaeStateDict {
    private static final int MOST_CHANNELS = 1 << 16;
    private static final int MOST_LAYERS = 100;
    private static final String[] SPATIAL = {"norm_layer", "conv_y.conv", "conv_b.conv"};

    private final SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    private final long latentChannels;

    private VaeStateDict(long latentChannels) {
        this.latentChannels = latentChannels;
    }

    /// The tensors' sizes by key.
    ///
    /// @param inChannels      channels of a picture going in
    /// @param outChannels     channels of a picture coming out
    /// @param latentChannels  channels of a latent
    /// @param blockChannels   channels of each level, from the picture down
    /// @param layersPerBlock  resnets of a level of the encoder; the decoder has one more
    public static Map<String, Shape> shapes(
            long inChannels, long outChannels, long latentChannels, List<Long> blockChannels, int layersPerBlock) {
        VaeStateDict tensors = new VaeStateDict(latentChannels);
        tensors.addEncoder(inChannels, blockChannels, layersPerBlock);
        tensors.addDecoder(outChannels, blockChannels.reversed(), layersPerBlock + 1);
        return tensors.shapes;
    }

    /// Refuses tensors that are not all of an autoencoder's, and only those.
    ///
    /// @param config  its configuration, as derived from the same tensors
    /// @param tensors names and sizes
    /// @param place   where they are, for messages
    /// @throws InvalidCheckpointException `missing-tensor`, `extra-tensor` or `shape-mismatch`
    public static void check(ConfigDocument config, Collection<NamedShape> tensors, Place place) {
        Map<String, Shape> expected = shapes(
                config.integer("in_channels", 3, 1, MOST_CHANNELS),
                config.integer("out_channels", 3, 1, MOST_CHANNELS),
                config.integer("latent_channels", 16, 1, MOST_CHANNELS),
                config.integers("block_out_channels", 1, MOST_CHANNELS),
                config.integer("layers_per_block", 3, 1, MOST_LAYERS));
        Map<String, Shape> found = new LinkedHashMap<>();
        tensors.forEach(tensor -> found.put(tensor.name(), tensor.shape()));
        TensorMatch match = TensorMatch.of(expected, found);
        for (TensorMatch.Reshaped tensor : match.reshaped()) {
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH,
                    place.tensor(tensor.name()),
                    "checkpoints.weights.shapes",
                    1,
                    tensor.toString());
        }
        refuse(ProblemCode.MISSING_TENSOR, "checkpoints.weights.missing", match.missing(), place);
        List<String> extra = match.extra().stream()
                .filter(name -> !name.contains("quant_conv."))
                .toList();
        refuse(ProblemCode.EXTRA_TENSOR, "checkpoints.weights.extra", extra, place);
    }

    private static void refuse(ProblemCode code, String key, List<String> names, Place place) {
        if (!names.isEmpty()) {
            throw new InvalidCheckpointException(
                    code, place.tensor(names.getFirst()), key, names.size(), Message.first(names));
        }
    }

    private void addEncoder(long inChannels, List<Long> channels, int layers) {
        addConvolution("encoder.conv_in.conv", channels.getFirst(), inChannels, 3);
        long before = channels.getFirst();
        for (int level = 0; level < channels.size(); level++) {
            String block = "encoder.down_blocks." + level;
            for (int layer = 0; layer < layers; layer++) {
                addResnet(block + ".resnets." + layer, before, channels.get(level), false);
                before = channels.get(level);
            }
            if (level < channels.size() - 1) {
                addSampler(block + ".downsamplers.0.conv", before);
            }
        }
        addResnet("encoder.mid_block.resnets.0", before, before, false);
        addResnet("encoder.mid_block.resnets.1", before, before, false);
        addNorm("encoder.norm_out", before, false);
        addConvolution("encoder.conv_out.conv", 2 * latentChannels, before, 3);
    }

    private void addDecoder(long outChannels, List<Long> channels, int layers) {
        long before = channels.getFirst();
        addConvolution("decoder.conv_in.conv", before, latentChannels, 3);
        addResnet("decoder.mid_block.resnets.0", before, before, true);
        addResnet("decoder.mid_block.resnets.1", before, before, true);
        for (int level = 0; level < channels.size(); level++) {
            String block = "decoder.up_blocks." + level;
            for (int layer = 0; layer < layers; layer++) {
                addResnet(block + ".resnets." + layer, before, channels.get(level), true);
                before = channels.get(level);
            }
            if (level < channels.size() - 1) {
                addSampler(block + ".upsamplers.0.conv", before);
            }
        }
        addNorm("decoder.norm_out", before, true);
        addConvolution("decoder.conv_out.conv", outChannels, before, 3);
    }

    private void addResnet(String name, long in, long out, boolean spatial) {
        addNorm(name + ".norm1", in, spatial);
        addNorm(name + ".norm2", out, spatial);
        addConvolution(name + ".conv1.conv", out, in, 3);
        addConvolution(name + ".conv2.conv", out, out, 3);
        if (in != out) {
            addConvolution(name + ".conv_shortcut", out, in, 1);
        }
    }

    /// The decoder's norms are shifted and scaled by what they see of the latent.
    private void addNorm(String name, long channels, boolean spatial) {
        if (!spatial) {
            add(name, channels, channels);
            return;
        }
        for (String part : SPATIAL) {
            if (part.endsWith(".conv")) {
                addConvolution(name + "." + part, channels, latentChannels, 1);
            } else {
                add(name + "." + part, channels, channels);
            }
        }
    }

    private void addConvolution(String name, long out, long in, long kernel) {
        add(name, out, out, in, kernel, kernel, kernel);
    }

    private void addSampler(String name, long channels) {
        add(name, channels, channels, channels, 3, 3);
    }

    private void add(String name, long bias, long... weight) {
        shapes.put(name + ".weight", Shape.of(weight));
        shapes.put(name + ".bias", Shape.of(bias));
    }
}
