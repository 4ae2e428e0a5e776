package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.List;
import java.util.Optional;

/// diffusers' `pytorch_lora_weights.safetensors`: `<component>.<module>.lora_A.weight`, alpha in the header's
/// `lora_adapter_metadata`. CogVideo's trainer and finetrainers write it too.
///
/// @param component what is written before names; all are read
public record DiffusersDialect(String component) implements Dialect.Writable {
    /// What diffusers writes before the names of most models, and of Wan 2.2's second expert as well.
    public static final String TRANSFORMER = "transformer";

    /// Folders of components that adapters are trained for. A Wan adapter says `transformer` for either expert.
    static final List<String> COMPONENTS =
            List.of(TRANSFORMER, "transformer_2", "unet", "controlnet", "prior", "decoder", "connectors");

    @Override
    public String id() {
        return "diffusers";
    }

    /// What stands before the names of an adapter for a component.
    ///
    /// @param folder the component's folder
    public static String prefixOf(String folder) {
        return folder.startsWith(TRANSFORMER) ? TRANSFORMER : folder;
    }

    /// The component that stands before a name.
    static Optional<String> componentOf(String name) {
        return COMPONENTS.stream()
                .filter(component -> name.startsWith(component + "."))
                .findFirst();
    }

    @Override
    public Optional<AdapterKey> read(String name) {
        return componentOf(name).flatMap(found -> Endings.parse(name.substring(found.length() + 1), false));
    }

    @Override
    public String write(String module, AdapterPart part) {
        return component + "." + module + Endings.of(part).orElseThrow();
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
