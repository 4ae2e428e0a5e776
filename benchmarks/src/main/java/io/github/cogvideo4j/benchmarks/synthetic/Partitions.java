package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import java.util.ArrayList;
import java.util.List;

/// The partitions that ZeRO makes of one group's parameters.
///
/// Source: DeepSpeed's `stage_1_and_2.py` and `stage3.py`; see also the layouts in `docs/format-coverage.md`.
final class Partitions {
    /// A flat tensor of a rank.
    ///
    /// @param runs    what it holds, with its padding
    /// @param padding how many elements at its end are padding that the file leaves out of the view
    /// @param first   the number of its first parameter tensor
    /// @param last    the number of its last
    record Flat(List<Content.Run> runs, long padding, int first, int last) {
        Flat {
            runs = List.copyOf(runs);
        }
    }

    private Partitions() {}

    /// Stages 1 and 2: everything end to end, padded to a multiple of twice the ranks, in equal parts.
    static Flat contiguous(List<NamedShape> parameters, int ranks, int rank) {
        long numel = SyntheticModel.count(parameters);
        long part = Math.ceilDiv(numel, 2L * ranks) * 2;
        long start = Math.min(numel, part * rank);
        long own = Math.min(part, numel - start);
        return new Flat(List.of(new Content.Run(start, own, part - own)), part - own, 0, parameters.size() - 1);
    }

    /// Stage 3: each parameter in equal parts, padded by itself; a new flat tensor when one is full.
    ///
    /// @param subGroup how many elements fill a flat tensor
    static List<Flat> interleaved(List<NamedShape> parameters, int ranks, int rank, long subGroup) {
        List<Flat> groups = new ArrayList<>();
        List<Content.Run> runs = new ArrayList<>();
        long filled = 0;
        long position = 0;
        int first = 0;
        for (int i = 0; i < parameters.size(); i++) {
            long numel = parameters.get(i).shape().numel();
            long part = Math.ceilDiv(numel, (long) ranks);
            long start = Math.min(numel, part * rank);
            long own = Math.min(part, numel - start);
            runs.add(new Content.Run(position + start, own, part - own));
            position += numel;
            filled += part;
            if (filled >= subGroup || i == parameters.size() - 1) {
                groups.add(new Flat(runs, 0, first, i));
                runs = new ArrayList<>();
                filled = 0;
                first = i + 1;
            }
        }
        return groups;
    }
}
