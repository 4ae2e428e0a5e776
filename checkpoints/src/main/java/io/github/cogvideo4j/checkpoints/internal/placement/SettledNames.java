package io.github.cogvideo4j.checkpoints.internal.placement;

import java.util.List;
import java.util.Locale;

/// The way in which the names of written weights were settled.
///
/// @param by      what knew them
/// @param models  the classes that have such names; none when nothing is known of them
/// @param removed what was removed from before every name, mostly nothing
public record SettledNames(By by, List<String> models, String removed) {
    /// What knows a model's names.
    public enum By {
        /// The headers of the base's weights.
        BASE,
        /// A configuration of a class whose constructor is known.
        CONFIGURATION,
        /// The modules of a known family; sizes and numbers of blocks may be any.
        FAMILY,
        /// Nothing: they were written because the caller said so.
        UNCHECKED;

        /// The word in the manifest.
        public String id() {
            return this == UNCHECKED ? "nothing" : name().toLowerCase(Locale.ROOT);
        }
    }
}
