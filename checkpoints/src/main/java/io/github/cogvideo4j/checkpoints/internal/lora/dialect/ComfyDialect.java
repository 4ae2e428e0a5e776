package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.Optional;

/// ComfyUI's loader, and diffusion-pipe: `diffusion_model.<module>.lora_A.weight` or `.lora_down.weight`,
/// `.alpha`, whole differences `.diff` and `.diff_b`.
public record ComfyDialect() implements Dialect.Writable {
    private static final String PREFIX = "diffusion_model.";

    @Override
    public String id() {
        return "comfyui";
    }

    @Override
    public Optional<AdapterKey> read(String name) {
        String own = name.startsWith("model." + PREFIX) ? name.substring("model.".length()) : name;
        return own.startsWith(PREFIX) ? Endings.parse(own.substring(PREFIX.length()), false) : Optional.empty();
    }

    @Override
    public String write(String module, AdapterPart part) {
        return PREFIX
                + module
                + switch (part) {
                    case MAGNITUDE -> ".dora_scale";
                    case LORA_A, LORA_B -> Endings.of(part).orElseThrow();
                    default -> "." + part;
                };
    }

    @Override
    public boolean writes(AdapterPart part) {
        return switch (part) {
            case LORA_B_BIAS, WEIGHT, BIAS -> false;
            default -> true;
        };
    }

    @Override
    public boolean alphaIsTensor() {
        return true;
    }
}
