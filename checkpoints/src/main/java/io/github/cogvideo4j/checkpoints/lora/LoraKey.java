package io.github.cogvideo4j.checkpoints.lora;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A key of an adapter's state dict, taken apart: whose weight it adapts, and which part of the adaptation it
/// is.
///
/// Spellings: PEFT's `base_model.model.MODULE.lora_A[.ADAPTER].weight`, diffusers'
/// `transformer.MODULE.lora_A.weight` and the older `MODULE.lora_down.weight` and `MODULE.lora.down.weight`,
/// names without a prefix, and `MODULE.alpha`.
///
/// @param module the adapted module, as the model's state dict names it
/// @param part   which part
record LoraKey(String module, Part part) {
    private static final List<String> PREFIXES = List.of("base_model.model.", "transformer.", "module.", "_orig_mod.");
    private static final Pattern FACTOR = Pattern.compile(
            "(?<module>.+)\\.(?:lora_(?<letter>[AB])(?:\\.[A-Za-z0-9_-]{1,64})?|lora[_.](?<side>down|up))\\.weight");
    private static final String ALPHA = ".alpha";

    /// A part of an adaptation.
    enum Part {
        /// The first factor: from the module's inputs to the rank.
        A,
        /// The second factor: from the rank to the module's outputs.
        B,
        /// By what the product is scaled, times the rank.
        ALPHA
    }

    /// Takes a key apart; empty when it is no key of an adapter.
    static Optional<LoraKey> parse(String key) {
        Matcher factor = FACTOR.matcher(key);
        if (factor.matches()) {
            boolean first = "A".equals(factor.group("letter")) || "down".equals(factor.group("side"));
            return Optional.of(new LoraKey(module(factor.group("module")), first ? Part.A : Part.B));
        }
        if (key.endsWith(ALPHA) && key.length() > ALPHA.length()) {
            return Optional.of(new LoraKey(module(key.substring(0, key.length() - ALPHA.length())), Part.ALPHA));
        }
        return Optional.empty();
    }

    /// Whether a key belongs to a text encoder's adapter, which has no place in a transformer.
    static boolean isTextEncoder(String key) {
        return key.startsWith("text_encoder") || key.startsWith("lora_te");
    }

    private static String module(String name) {
        String module = name;
        for (boolean again = true; again; ) {
            again = false;
            for (String prefix : PREFIXES) {
                if (module.startsWith(prefix) && module.length() > prefix.length()) {
                    module = module.substring(prefix.length());
                    again = true;
                }
            }
        }
        return module;
    }
}
