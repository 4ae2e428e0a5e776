package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.List;
import java.util.Optional;

/// The model's own names with nothing before them: CogKit, VideoX-Fun with `--use_peft_lora`, the state of a
/// training. Wrappers around a model are taken off as well; others are found when the names are bound.
public record BareDialect() implements Dialect.ReadOnly {
    private static final List<String> WRAPPERS = List.of("module.", "_orig_mod.");

    @Override
    public String id() {
        return "bare";
    }

    @Override
    public Optional<AdapterKey> read(String name) {
        String rest = name;
        for (boolean again = true; again; ) {
            again = false;
            for (String wrapper : WRAPPERS) {
                if (rest.startsWith(wrapper)) {
                    rest = rest.substring(wrapper.length());
                    again = true;
                }
            }
        }
        return Endings.parse(rest, false);
    }
}
