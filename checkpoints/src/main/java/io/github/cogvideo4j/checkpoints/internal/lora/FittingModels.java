package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/// The published models that an adapter fits.
public final class FittingModels {
    /// The number of a block, and the list that it is in.
    private static final Pattern BLOCK = Pattern.compile("(?:^|.*[._])(?:blocks|layers)[._]\\d+[._]");

    private FittingModels() {}

    /// The published CogVideoX models that have every adapted tensor in the size that the adapter fits. Models
    /// of one width differ only around their blocks, so that an adapter of attention layers fits several.
    public static List<String> of(AdapterContent adapter) {
        return published().entrySet().stream()
                .filter(model ->
                        fits(adapter, TransformerStateDict.of(model.getValue()).shapes()))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static boolean fits(AdapterContent adapter, Map<String, Shape> shapes) {
        ModelNames names = ModelNames.of(shapes);
        try {
            AdapterBinding.of(adapter, names).require(names);
            return true;
        } catch (InvalidCheckpointException _) {
            return false;
        }
    }

    /// The adapted modules, those of all blocks under one name.
    public static List<String> targets(AdapterContent adapter) {
        return adapter.modules().keySet().stream()
                .map(module -> BLOCK.matcher(module).replaceFirst(""))
                .distinct()
                .sorted()
                .toList();
    }

    /// The configurations, as far as they decide about sizes.
    private static SequencedMap<String, TransformerConfig> published() {
        ConfigDocument large = ConfigDocument.empty()
                .with("num_attention_heads", 48)
                .with("num_layers", 42)
                .with("use_rotary_positional_embeddings", true);
        SequencedMap<String, TransformerConfig> models = new LinkedHashMap<>();
        models.put("CogVideoX-2b", TransformerConfig.of(ConfigDocument.empty()));
        models.put("CogVideoX-5b", TransformerConfig.of(large));
        models.put(
                "CogVideoX-5b-I2V",
                TransformerConfig.of(large.with("in_channels", 32).with("use_learned_positional_embeddings", true)));
        models.put("CogVideoX1.5-5B", TransformerConfig.of(large.with("patch_size_t", 2)));
        models.put(
                "CogVideoX1.5-5B-I2V",
                TransformerConfig.of(
                        large.with("in_channels", 32).with("patch_size_t", 2).with("ofs_embed_dim", 512)));
        return models;
    }
}
