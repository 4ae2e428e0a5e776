package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.Optional;

/// The way in which some tools spell the names in an adapter's file. [Dialects] lists all.
public sealed interface Dialect {
    /// Its name: a word for reports and requests.
    String id();

    /// Takes a name apart, if it is spelled in this way.
    Optional<AdapterKey> read(String name);

    /// A dialect in which adapters can be written.
    sealed interface Writable extends Dialect permits DiffusersDialect, PeftDialect, AlphaTensor {
        /// Spells a name.
        ///
        /// @param module the module, as the model's state dict names it
        /// @param part   a part that [#writes(AdapterPart)] allows
        String write(String module, AdapterPart part);

        /// Whether there is a spelling for a part that readers of this dialect understand.
        boolean writes(AdapterPart part);

        /// Whether alpha is a tensor beside the factors; else it is said in metadata.
        boolean alphaIsTensor();
    }

    /// A dialect with kohya's parts: alpha is a tensor beside the factors, DoRA's lengths are `dora_scale`, and
    /// nothing is replaced whole.
    sealed interface AlphaTensor extends Writable permits KohyaDialect, ComfyDialect {
        /// What stands before the ending.
        String spell(String module);

        /// LoRA's two factors.
        String factor(AdapterPart part);

        @Override
        default String write(String module, AdapterPart part) {
            return spell(module)
                    + switch (part) {
                        case LORA_A, LORA_B -> factor(part);
                        case MAGNITUDE -> ".dora_scale";
                        default -> "." + part;
                    };
        }

        @Override
        default boolean writes(AdapterPart part) {
            return switch (part) {
                case LORA_B_BIAS, WEIGHT, BIAS -> false;
                default -> true;
            };
        }

        @Override
        default boolean alphaIsTensor() {
            return true;
        }
    }

    /// A dialect that is only read.
    sealed interface ReadOnly extends Dialect permits ProcessorDialect, BareDialect {}
}
