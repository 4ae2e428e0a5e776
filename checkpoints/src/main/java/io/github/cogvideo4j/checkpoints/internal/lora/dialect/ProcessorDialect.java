package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// diffusers before it used PEFT: adapters lay in attention processors, `<block>.attn1.processor.to_q_lora.down
/// .weight`. Source: `LoRAAttnProcessor` of diffusers before 0.22; `to_out_lora` adapts `to_out.0`.
public record ProcessorDialect() implements Dialect.ReadOnly {
    private static final Pattern NAME = Pattern.compile(
            "(?<block>.+)\\.processor\\.(?<layer>[a-z_]{1,32})_lora\\.(?<part>down\\.weight|up\\.weight|alpha)");

    @Override
    public String id() {
        return "diffusers-processor";
    }

    @Override
    public Optional<AdapterKey> read(String name) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String layer = matcher.group("layer");
        AdapterPart part = switch (matcher.group("part")) {
            case "down.weight" -> AdapterPart.LORA_A;
            case "up.weight" -> AdapterPart.LORA_B;
            default -> AdapterPart.ALPHA;
        };
        String block = matcher.group("block");
        for (String component : DiffusersDialect.COMPONENTS) {
            if (block.startsWith(component + ".")) {
                block = block.substring(component.length() + 1);
                break;
            }
        }
        return Optional.of(new AdapterKey(block + "." + ("to_out".equals(layer) ? "to_out.0" : layer), false, part));
    }
}
