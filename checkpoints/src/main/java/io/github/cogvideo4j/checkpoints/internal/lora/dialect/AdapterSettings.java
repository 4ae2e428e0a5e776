package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.Set;

/// The settings that an adapter has besides its tensors, wherever they are written: in the header of a
/// safetensors file, or in PEFT's `adapter_config.json`.
///
/// @param rank           the rank of most modules
/// @param alpha          the alpha of most modules
/// @param rankStabilized whether alpha is divided by the rank's square root ("rsLoRA")
/// @param rankPattern    ranks of single modules, by module or by the end of its name
/// @param alphaPattern   alphas of single modules, likewise
/// @param dora           whether it is said to have DoRA's magnitudes
/// @param wholeModules   modules that were trained whole, by module or by the end of its name
/// @param wholeBiases    whether biases were trained whole
/// @param baseModel      the model that it was trained on
public record AdapterSettings(
        OptionalDouble rank,
        OptionalDouble alpha,
        boolean rankStabilized,
        SequencedMap<String, Double> rankPattern,
        SequencedMap<String, Double> alphaPattern,
        boolean dora,
        Set<String> wholeModules,
        boolean wholeBiases,
        Optional<String> baseModel) {
    /// No alpha in use is anywhere near; beyond it, a number is a mistake.
    public static final double LARGEST_ALPHA = 1e6;

    /// Nothing said.
    public static final AdapterSettings NONE = new AdapterSettings(
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            false,
            new LinkedHashMap<>(),
            new LinkedHashMap<>(),
            false,
            Set.of(),
            false,
            Optional.empty());

    /// The alpha of a module.
    public OptionalDouble alphaOf(String module) {
        return first(alphaPattern, module)
                .or(() -> box(alpha))
                .map(OptionalDouble::of)
                .orElse(OptionalDouble.empty());
    }

    /// The rank of a module.
    public OptionalDouble rankOf(String module) {
        return first(rankPattern, module)
                .or(() -> box(rank))
                .map(OptionalDouble::of)
                .orElse(OptionalDouble.empty());
    }

    /// Whether a module was trained whole.
    public boolean isWhole(String module) {
        return wholeModules.stream().anyMatch(name -> matches(name, module));
    }

    /// The same, with what is missing taken from other settings.
    public AdapterSettings orElse(AdapterSettings others) {
        return new AdapterSettings(
                rank.isPresent() ? rank : others.rank,
                alpha.isPresent() ? alpha : others.alpha,
                alpha.isPresent() ? rankStabilized : rankStabilized || others.rankStabilized,
                rank.isPresent() ? rankPattern : others.rankPattern,
                alpha.isPresent() ? alphaPattern : others.alphaPattern,
                dora || others.dora,
                wholeModules.isEmpty() ? others.wholeModules : wholeModules,
                wholeBiases || others.wholeBiases,
                baseModel.or(() -> others.baseModel));
    }

    /// PEFT takes the first pattern that is the module's name or the end of it.
    private static Optional<Double> first(SequencedMap<String, Double> pattern, String module) {
        return pattern.entrySet().stream()
                .filter(entry -> matches(entry.getKey(), module))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    private static boolean matches(String name, String module) {
        return name.startsWith("^")
                ? module.equals(name.substring(1))
                : module.equals(name) || module.endsWith("." + name);
    }

    private static Optional<Double> box(OptionalDouble value) {
        return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
    }
}
