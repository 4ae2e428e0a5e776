package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.Optional;

/// The way in which some tools spell the names in an adapter's file. [Dialects] lists all.
public sealed interface Dialect {
    /// What it is called: a word for reports and for `--to`.
    String id();

    /// Takes a name apart, if it is spelled in this way.
    Optional<AdapterKey> read(String name);

    /// A dialect in which adapters can be written.
    sealed interface Writable extends Dialect permits DiffusersDialect, PeftDialect, KohyaDialect, ComfyDialect {
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

    /// A dialect that is only read.
    sealed interface ReadOnly extends Dialect permits ProcessorDialect, BareDialect {}
}
