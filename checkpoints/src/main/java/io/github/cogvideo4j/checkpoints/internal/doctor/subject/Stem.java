package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import java.util.regex.Pattern;

/// What the beginning of a weight file's name says about how it came to be called so.
public enum Stem {
    /// What inference looks for.
    RIGHT,
    /// As the merge scripts write it: the prefix was not added.
    NO_PREFIX,
    /// The prefix was added more than once.
    DOUBLE_PREFIX,
    /// Something else; the tensors decide whether it is a model's.
    OTHER;

    private static final Pattern REPEATED =
            Pattern.compile("(?:diffusion_|pytorch_)*(?:diffusion_(?:pytorch_)?diffusion_|pytorch_pytorch_)"
                    + "(?:diffusion_|pytorch_)*model");

    /// Judges a stem.
    public static Stem of(String stem) {
        if (stem.equals(WeightFileName.DIFFUSERS_STEM)) {
            return RIGHT;
        }
        if (stem.equals("model") || stem.equals("pytorch_model")) {
            return NO_PREFIX;
        }
        return REPEATED.matcher(stem).matches() ? DOUBLE_PREFIX : OTHER;
    }
}
