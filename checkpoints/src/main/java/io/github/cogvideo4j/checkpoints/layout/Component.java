package io.github.cogvideo4j.checkpoints.layout;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;

/// A component of a pipeline that has weights.
public enum Component {
    /// The diffusion transformer.
    TRANSFORMER("transformer", WeightFileName.DIFFUSERS_STEM),
    /// The autoencoder.
    VAE("vae", WeightFileName.DIFFUSERS_STEM),
    /// The text encoder, whose files transformers names.
    TEXT_ENCODER("text_encoder", "model");

    private final String folder;
    private final String stem;

    Component(String folder, String stem) {
        this.folder = folder;
        this.stem = stem;
    }

    /// Its folder in the pipeline.
    public String folder() {
        return folder;
    }

    /// The same as the folder: the word of the command line.
    @Override
    public String toString() {
        return folder;
    }

    /// What its weight files' names begin with.
    public String stem() {
        return stem;
    }

    /// The component that has a folder of this name.
    public static Optional<Component> inFolder(String name) {
        return Arrays.stream(values())
                .filter(component -> component.folder.equals(name))
                .findFirst();
    }

    /// The component that a state dict is of, by names that no other has.
    public static Optional<Component> of(Collection<String> names) {
        if (names.stream().anyMatch(name -> name.startsWith("transformer_blocks."))) {
            return Optional.of(TRANSFORMER);
        }
        if (names.stream().anyMatch(name -> name.startsWith("decoder.up_blocks."))) {
            return Optional.of(VAE);
        }
        return names.stream().anyMatch(name -> name.startsWith("encoder.block.") && name.contains(".SelfAttention."))
                ? Optional.of(TEXT_ENCODER)
                : Optional.empty();
    }
}
