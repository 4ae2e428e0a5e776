package io.github.cogvideo4j.checkpoints.internal.doctor.support;

import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import java.util.Comparator;

/// The order in which loaders prefer one of several sets of weights. diffusers takes safetensors before `.bin`, and
/// of safetensors shards with an index before a single file; transformers takes a single file first. Names
/// that they do not look for come last.
public final class LoadOrder {
    private static final Comparator<WeightGroup> ORDER = Comparator.comparing(
                    (WeightGroup group) -> !group.isRightlyNamed())
            .thenComparing(group -> !group.extension().equals("safetensors"))
            .thenComparing(group -> group.isSharded()
                    == (group.extension().equals("bin") || group.component().transformers()))
            .thenComparing(group -> group.isSharded()
                    && group.index().filter(view -> view.stale().isEmpty()).isEmpty());

    private LoadOrder() {}

    /// The one that is loaded.
    public static WeightGroup loaded(WeightGroup first, WeightGroup second) {
        return ORDER.compare(first, second) <= 0 ? first : second;
    }
}
