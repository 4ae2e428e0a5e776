package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The derivation of an autoencoder's configuration from the names and sizes of its weights. How many groups a norm
/// has, how latents are scaled and which picture is the default is in no size, and is assumed.
public final class VaeDerivation {
    /// The class that diffusers instantiates.
    public static final String CLASS_NAME = "AutoencoderKLCogVideoX";

    private static final int GROUPS = 32;
    private static final int MOST_LEVELS = 100;

    private final Map<String, Shape> shapes = new HashMap<>();
    private final Place place;

    private VaeDerivation(Collection<NamedShape> tensors, Place place) {
        tensors.forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
        this.place = place;
    }

    /// Derives the configuration.
    ///
    /// @param tensors names and sizes of all weights, under diffusers' names
    /// @param place   where the weights are, for messages
    /// @throws InvalidCheckpointException `config-missing` when a tensor that determines something essential is
    ///     absent
    public static DerivedConfig derive(Collection<NamedShape> tensors, Place place) {
        return new VaeDerivation(tensors, place).derive();
    }

    private DerivedConfig derive() {
        DerivedFields fields = new DerivedFields(CLASS_NAME);
        List<Long> channels = new ArrayList<>();
        for (int level = 0; level < MOST_LEVELS && shapes.containsKey(firstOf(level)); level++) {
            channels.add(shape(firstOf(level)).size(0));
        }
        if (channels.isEmpty()) {
            throw missing(firstOf(0));
        }
        int layers = (int) IntStream.range(0, MOST_LEVELS)
                .takeWhile(layer -> shapes.containsKey(resnet(0, layer)))
                .count();
        fields.derived("in_channels", shape("encoder.conv_in.conv.weight").size(1), "encoder.conv_in.conv.weight");
        fields.derived("out_channels", shape("decoder.conv_out.conv.weight").size(0), "decoder.conv_out.conv.weight");
        fields.derived("latent_channels", shape("decoder.conv_in.conv.weight").size(1), "decoder.conv_in.conv.weight");
        fields.derived("block_out_channels", channels, firstOf(0));
        fields.derived("layers_per_block", layers, "encoder.down_blocks.0.resnets.*");
        fields.derived(
                "down_block_types",
                Collections.nCopies(channels.size(), "CogVideoXDownBlock3D"),
                "encoder.down_blocks.*");
        fields.derived(
                "up_block_types", Collections.nCopies(channels.size(), "CogVideoXUpBlock3D"), "decoder.up_blocks.*");
        fields.derived(
                "use_quant_conv",
                shapes.keySet().stream().anyMatch(name -> name.startsWith("quant_conv.")),
                "quant_conv");
        fields.derived(
                "use_post_quant_conv",
                shapes.keySet().stream().anyMatch(name -> name.startsWith("post_quant_conv.")),
                "post_quant_conv");
        String everyModel = "checkpoints.derivation.every-model";
        fields.assumed("norm_num_groups", groups(channels), everyModel);
        fields.assumed("act_fn", "silu", everyModel);
        fields.assumed("force_upcast", true, everyModel);
        fields.assumed("norm_eps", 1e-6, everyModel);
        fields.assumed("sample_height", 480, everyModel);
        fields.assumed("sample_width", 720, everyModel);
        fields.assumed("temporal_compression_ratio", KnownModel.COMPRESSION, everyModel);
        return new DerivedConfig(fields.document(), fields.values());
    }

    /// Every published model has 32; a smaller one cannot have more than divide its channels.
    private static int groups(List<Long> channels) {
        int groups = GROUPS;
        while (groups > 1) {
            int divisor = groups;
            if (channels.stream().allMatch(size -> size % divisor == 0)) {
                break;
            }
            groups /= 2;
        }
        return groups;
    }

    private static String resnet(int level, int layer) {
        return "encoder.down_blocks." + level + ".resnets." + layer + ".conv1.conv.weight";
    }

    private static String firstOf(int level) {
        return resnet(level, 0);
    }

    private Shape shape(String tensor) {
        Shape shape = shapes.getOrDefault(tensor, Shape.of());
        if (shape.rank() != 5) {
            throw shapes.containsKey(tensor)
                    ? new InvalidCheckpointException(
                            ProblemCode.CONFIG_MISSING,
                            place.tensor(tensor),
                            "checkpoints.derivation.odd-shape",
                            tensor,
                            shape)
                    : missing(tensor);
        }
        return shape;
    }

    private InvalidCheckpointException missing(String tensor) {
        return new InvalidCheckpointException(
                ProblemCode.CONFIG_MISSING, place.tensor(tensor), "checkpoints.derivation.missing-tensor", tensor);
    }
}
