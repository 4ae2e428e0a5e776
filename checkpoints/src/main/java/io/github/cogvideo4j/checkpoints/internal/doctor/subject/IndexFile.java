package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A file that is, by its name, an index of shards.
///
/// @param file     the file
/// @param name     its tidied name, taken apart; empty when it ends with `.index.json` and is no index's name
/// @param tidy     whether its name is tidy
/// @param index    its contents, when they could be read
/// @param problems why they could not, or what was odd
public record IndexFile(
        Path file, Optional<WeightFileName> name, boolean tidy, Optional<WeightIndex> index, List<Problem> problems) {
    /// Copies the list.
    public IndexFile {
        problems = List.copyOf(problems);
    }

    /// How it is called.
    public String fileName() {
        return String.valueOf(file.getFileName());
    }

    /// The names of shards in it, taken apart.
    Stream<WeightFileName> shardNames() {
        return index.stream()
                .flatMap(read -> read.shards().stream())
                .flatMap(
                        shard -> WeightFileName.parse(OriginalFileName.of(shard).value()).stream());
    }

    /// Whether it is meant for a group: it names its files, or files of as many parts in the same container.
    boolean describes(WeightGroup group) {
        boolean exact = index.stream()
                .flatMap(read -> read.shards().stream())
                .anyMatch(shard ->
                        group.files().anyMatch(member -> member.fileName().equals(shard)));
        return exact
                || (group.isSharded()
                        && shardNames()
                                .anyMatch(shard -> shard.extension().equals(group.extension())
                                        && shard.variant().equals(group.variant())
                                        && shard.shard()
                                                .filter(part -> part.count() == group.count())
                                                .isPresent()));
    }
}
