package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.Optional;

/// PEFT's folder: `adapter_model.safetensors` with `base_model.model.<module>.lora_A.weight`, and
/// `adapter_config.json` with rank, alpha and everything else.
public record PeftDialect() implements Dialect.Writable {
    private static final String PREFIX = "base_model.model.";

    @Override
    public String id() {
        return "peft";
    }

    @Override
    public Optional<AdapterKey> read(String name) {
        if (!name.startsWith(PREFIX)) {
            return Optional.empty();
        }
        String rest = name.substring(PREFIX.length());
        return Endings.parse(rest, false)
                .or(() -> whole(rest, ".weight", AdapterPart.WEIGHT))
                .or(() -> whole(rest, ".bias", AdapterPart.BIAS));
    }

    /// `modules_to_save` and `bias="all"` are stored under the model's own names.
    private static Optional<AdapterKey> whole(String name, String ending, AdapterPart part) {
        boolean own = name.endsWith(ending) && name.length() > ending.length() && !name.contains(".base_layer.");
        return own
                ? Optional.of(new AdapterKey(name.substring(0, name.length() - ending.length()), false, part))
                : Optional.empty();
    }

    @Override
    public String write(String module, AdapterPart part) {
        return switch (part) {
            case WEIGHT -> PREFIX + module + ".weight";
            case BIAS -> PREFIX + module + ".bias";
            default -> PREFIX + module + Endings.of(part).orElse("." + part);
        };
    }

    @Override
    public boolean writes(AdapterPart part) {
        return part == AdapterPart.WEIGHT
                || part == AdapterPart.BIAS
                || part.name().startsWith("HADA_W")
                || part.name().startsWith("LOKR_W")
                || Endings.of(part).isPresent();
    }

    @Override
    public boolean alphaIsTensor() {
        return false;
    }
}
