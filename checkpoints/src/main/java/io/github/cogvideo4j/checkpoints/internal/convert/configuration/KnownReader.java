package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/// The classes whose configuration is understood: it is held against the weights, or derived from them. All
/// others are copied as they are.
enum KnownReader {
    COGVIDEOX_TRANSFORMER,
    COGVIDEOX_VAE,
    T5,
    NONE;

    /// The reader of a component: by the class that the base says, else by the family of its names.
    static KnownReader of(PlacedComponent placed, Optional<BaseModel> base) throws IOException {
        Optional<String> className = base.isPresent() ? base.get().className(placed.component()) : Optional.empty();
        if (className.isPresent()) {
            return Families.ofClass(className.get())
                    // Relatives share the names, not the configuration.
                    .filter(family -> family.classes().getFirst().equals(className.get()))
                    .map(KnownReader::of)
                    .orElse(NONE);
        }
        return placed.family().map(KnownReader::of).orElse(NONE);
    }

    private static KnownReader of(Family family) {
        return family.configuration()
                .map(name -> valueOf(name.replace('-', '_').toUpperCase(Locale.ROOT)))
                .orElse(NONE);
    }
}
