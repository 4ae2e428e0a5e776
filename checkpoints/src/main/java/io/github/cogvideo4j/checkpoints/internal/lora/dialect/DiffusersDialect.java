package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.List;
import java.util.Optional;

/// diffusers' `pytorch_lora_weights.safetensors`: `<component>.<module>.lora_A.weight`, alpha in the header's
/// `lora_adapter_metadata`. CogVideo's trainer and finetrainers write it too.
public record DiffusersDialect() implements Dialect.Writable {
    /// Folders of components that adapters are trained for. A Wan adapter says `transformer` for either expert.
    static final List<String> COMPONENTS =
            List.of("transformer", "transformer_2", "unet", "controlnet", "prior", "decoder", "connectors");

    @Override
    public String id() {
        return "diffusers";
    }

    @Override
    public Optional<AdapterKey> read(String name) {
        for (String component : COMPONENTS) {
            if (name.startsWith(component + ".")) {
                return Endings.parse(name.substring(component.length() + 1), false);
            }
        }
        return Optional.empty();
    }

    @Override
    public String write(String module, AdapterPart part) {
        return "transformer." + module + Endings.of(part).orElseThrow();
    }

    @Override
    public boolean writes(AdapterPart part) {
        return Endings.of(part).isPresent();
    }

    @Override
    public boolean alphaIsTensor() {
        return false;
    }
}
