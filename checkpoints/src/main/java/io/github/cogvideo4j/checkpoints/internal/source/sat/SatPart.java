package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.layout.Component;
import java.util.Arrays;
import java.util.Locale;

/// The part of a model that a tensor of a SAT checkpoint belongs to. One file can hold all of them.
enum SatPart {
    /// The diffusion transformer.
    TRANSFORMER,
    /// Low-rank matrices beside the transformer's attention.
    ADAPTER,
    /// The autoencoder.
    VAE,
    /// The text encoder, saved by a full fine-tuning.
    TEXT_ENCODER,
    /// What only the training needs: averages, losses, noise tables.
    OTHER;

    static final String DIFFUSION = "model.diffusion_model.";
    static final String FIRST_STAGE = "first_stage_model.";
    static final String CONDITIONER = "conditioner.";

    /// The part that a key of a whole training state belongs to.
    static SatPart of(String name) {
        if (name.startsWith(DIFFUSION)) {
            return name.contains(".matrix_A.") || name.contains(".matrix_B.") ? ADAPTER : TRANSFORMER;
        }
        if (name.startsWith(FIRST_STAGE)) {
            return VAE;
        }
        return name.startsWith(CONDITIONER) ? TEXT_ENCODER : OTHER;
    }

    /// The part that holds a component.
    static SatPart of(Component component) {
        return Arrays.stream(values())
                .filter(part -> part.name().equalsIgnoreCase(component.folder()))
                .findFirst()
                .orElse(OTHER);
    }

    /// What a whole training state puts before the keys of this part.
    String prefix() {
        return switch (this) {
            case TRANSFORMER, ADAPTER -> DIFFUSION;
            case VAE -> FIRST_STAGE;
            case TEXT_ENCODER -> CONDITIONER;
            case OTHER -> "";
        };
    }

    /// Its name in messages.
    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
