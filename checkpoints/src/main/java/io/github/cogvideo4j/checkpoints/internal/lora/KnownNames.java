package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// CogVideoX's own table of names, for adapters that come without a model. How many blocks there are, no
/// adapter says; the names of one tell those of all.
public final class KnownNames {
    private static final Pattern BLOCK = Pattern.compile("transformer_blocks[._](\\d{1,4})[._]");
    private static final int MOST_BLOCKS = 1000;

    private KnownNames() {}

    /// An adapter's modules under CogVideoX's names; empty when not all of them are CogVideoX's.
    public static Optional<AdapterBinding> bind(AdapterContent adapter) {
        OptionalInt last = adapter.modules().keySet().stream()
                .map(BLOCK::matcher)
                .filter(Matcher::find)
                .mapToInt(matcher -> Integer.parseInt(matcher.group(1)))
                .max();
        int blocks = Math.min(MOST_BLOCKS, last.orElse(0) + 1);
        ConfigDocument everything = ConfigDocument.empty()
                .with("num_layers", blocks)
                .with("in_channels", 32)
                .with("patch_size_t", 2)
                .with("ofs_embed_dim", 512);
        ModelNames names = ModelNames.of(
                TransformerStateDict.of(TransformerConfig.of(everything)).shapes());
        AdapterBinding binding = AdapterBinding.of(adapter, names);
        return binding.unbound().isEmpty() ? Optional.of(binding) : Optional.empty();
    }
}
