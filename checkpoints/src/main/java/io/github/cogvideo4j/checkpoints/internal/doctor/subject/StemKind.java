package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.layout.Component;
import java.util.regex.Pattern;

/// The kind of a weight file's stem: what the beginning of the name says about how it came to be called so.
public enum StemKind {
    /// What inference looks for.
    RIGHT,
    /// As the merge scripts write it: the prefix was not added.
    NO_PREFIX,
    /// The prefix was added more than once.
    DOUBLE_PREFIX,
    /// A name of weights, which another library looks for.
    OTHER_LIBRARY,
    /// Something else; the tensors decide whether it is a model's.
    OTHER;

    private static final Pattern REPEATED =
            Pattern.compile("(?:diffusion_|pytorch_)*(?:diffusion_(?:pytorch_)?diffusion_|pytorch_pytorch_)"
                    + "(?:diffusion_|pytorch_)*model");

    /// Judges the stem of a file in a component's folder.
    public static StemKind of(WeightFileName name, Component component) {
        String stem = name.stem();
        if (stem.equals(component.stem(name.extension()))) {
            return RIGHT;
        }
        boolean plain = stem.equals("model") || stem.equals("pytorch_model");
        if (component.transformers()) {
            return plain || stem.equals(WeightFileName.DIFFUSERS_STEM) || isRepeated(stem) ? OTHER_LIBRARY : OTHER;
        }
        if (plain) {
            return NO_PREFIX;
        }
        return isRepeated(stem) ? DOUBLE_PREFIX : OTHER;
    }

    private static boolean isRepeated(String stem) {
        return REPEATED.matcher(stem).matches();
    }
}
