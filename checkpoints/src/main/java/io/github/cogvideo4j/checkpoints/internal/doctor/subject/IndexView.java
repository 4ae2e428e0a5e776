package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.internal.index.ShardedWeights;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// An index compared with the files it is meant for, whatever their present names.
///
/// @param file     the index
/// @param stale    names in it that no file has, although the file is there under another name
/// @param errors   `missing-shard`, `missing-tensor`
/// @param warnings `index-mismatch`, `index-total-size`
public record IndexView(IndexFile file, SortedSet<String> stale, List<Problem> errors, List<Problem> warnings) {
    /// Copies the lists.
    public IndexView {
        errors = List.copyOf(errors);
        warnings = List.copyOf(warnings);
    }

    /// Holds an index against a group.
    static Optional<IndexView> of(IndexFile file, WeightGroup group) throws IOException {
        if (file.index().isEmpty()) {
            return Optional.empty();
        }
        WeightIndex index = file.index().get();
        SortedSet<String> stale = new TreeSet<>();
        Map<String, String> current = new LinkedHashMap<>();
        index.weightMap().forEach((tensor, shard) -> {
            String name = currentName(group, shard);
            if (!name.equals(shard)) {
                stale.add(shard);
            }
            current.put(tensor, name);
        });
        ShardedWeights weights = ShardedWeights.resolve(
                file.file(),
                new WeightIndex(index.totalSize(), current),
                shard -> group.contents().byFile().getOrDefault(shard, List.of()));
        // A shard that is there and cannot be read is reported for itself; what it lacks follows from that.
        boolean readable = group.contents().errors().isEmpty();
        List<Problem> errors = weights.errors().stream()
                .filter(problem ->
                        readable || problem.code() != io.github.cogvideo4j.formats.problem.ProblemCode.MISSING_TENSOR)
                .toList();
        return Optional.of(new IndexView(file, stale, errors, weights.warnings()));
    }

    /// The present name of a file that an index names; the same name when the file is there, or missing.
    private static String currentName(WeightGroup group, String shard) {
        if (group.files().anyMatch(member -> member.fileName().equals(shard))) {
            return shard;
        }
        return WeightFileName.parse(OriginalFileName.of(shard).value())
                .flatMap(WeightFileName::shard)
                .filter(part -> part.count() == group.count())
                .flatMap(part -> Optional.ofNullable(group.members().get(part.number())))
                .map(WeightGroup.Member::fileName)
                .orElse(shard);
    }
}
