package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.util.List;

/// Prefixes that wrappers put before every key: `module.` (DistributedDataParallel, DeepSpeed), `_orig_mod.`
/// (`torch.compile`).
public final class KeyPrefix {
    private static final List<String> PREFIXES = List.of("module.", "_orig_mod.");

    private KeyPrefix() {}

    /// The entries without a wrapper's prefix, where every key has it.
    public static List<StateEntry> strip(List<StateEntry> entries, Place place, Warnings warnings) {
        List<StateEntry> current = entries;
        for (boolean again = true; again; ) {
            again = false;
            for (String prefix : PREFIXES) {
                if (!current.isEmpty()
                        && current.stream()
                                .allMatch(entry -> entry.name().startsWith(prefix)
                                        && entry.name().length() > prefix.length())) {
                    warnings.report(
                            ProblemCode.KEY_PREFIX, place, "checkpoints.plain.key-prefix", prefix, current.size());
                    current = current.stream()
                            .map(entry -> entry.withName(entry.name().substring(prefix.length())))
                            .toList();
                    again = true;
                }
            }
        }
        return current;
    }
}
