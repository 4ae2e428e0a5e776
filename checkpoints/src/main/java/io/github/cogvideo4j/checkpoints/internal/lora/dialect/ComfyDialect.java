package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.Optional;

/// ComfyUI's loader, and diffusion-pipe: `diffusion_model.<module>.lora_A.weight` or `.lora_down.weight`,
/// `.alpha`, whole differences `.diff` and `.diff_b`.
public record ComfyDialect() implements Dialect.AlphaTensor {
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
    public String spell(String module) {
        return PREFIX + module;
    }

    @Override
    public String factor(AdapterPart part) {
        return Endings.of(part).orElseThrow();
    }
}
