package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.List;
import java.util.Optional;

/// kohya's scripts and all who follow them: `lora_unet_<module>.lora_down.weight`, `.lora_up.weight`, `.alpha`,
/// where the module's dots have become underscores. VideoX-Fun writes two underscores after `unet`, LyCORIS
/// `lycoris_`. Which underscores were dots only the model's names tell.
public record KohyaDialect() implements Dialect.AlphaTensor {
    private static final List<String> PREFIXES = List.of("lora_unet_", "lora_transformer_", "lycoris_");

    @Override
    public String id() {
        return "kohya";
    }

    @Override
    public Optional<AdapterKey> read(String name) {
        for (String prefix : PREFIXES) {
            if (name.startsWith(prefix)) {
                int start = prefix.length();
                while (start < name.length() && name.charAt(start) == '_') {
                    start++;
                }
                return Endings.parse(name.substring(start), true);
            }
        }
        return Optional.empty();
    }

    @Override
    public String spell(String module) {
        return "lora_unet_" + module.replace('.', '_');
    }

    @Override
    public String factor(AdapterPart part) {
        return part == AdapterPart.LORA_A ? ".lora_down.weight" : ".lora_up.weight";
    }
}
