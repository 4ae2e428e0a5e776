package io.github.cogvideo4j.inference.generation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// The kinds of generation, by what a video starts from.
public enum GenerationKind {
    /// Text to video: from noise.
    T2V,
    /// Image to video: from noise, with an image as first frame.
    I2V,
    /// Video to video: from a video with noise.
    V2V,
    /// Control: from noise, led by a control video (poses, depths, edges).
    CONTROL,
    /// Control by edges: as [#CONTROL], with an edge map that is made of the video.
    CANNY;

    /// The kind with a short name, `t2v`, `i2v`, `v2v`, `control` or `canny`.
    static Optional<GenerationKind> of(String name) {
        return Arrays.stream(values())
                .filter(kind -> kind.toString().equals(name))
                .findFirst();
    }

    /// Whether a control video leads.
    public boolean isControlled() {
        return this == CONTROL || this == CANNY;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
