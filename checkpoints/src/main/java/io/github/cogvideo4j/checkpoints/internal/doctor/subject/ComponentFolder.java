package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The folder of a component, or one where its weights were put instead.
///
/// @param folder         the folder
/// @param config         its `config.json`
/// @param untidyConfig   a file that is its `config.json` but for letter case or a browser's addition
/// @param groups         the weights that are a model's
/// @param indexes        the files that are indexes
/// @param strays         what is not safe in other files with a weight file's ending
/// @param unreadable     files that the user may not read
/// @param nested         folders in it that hold weights
/// @param rawCheckpoints folders in it that hold a DeepSpeed checkpoint
/// @param leftovers      unfinished downloads and the like
public record ComponentFolder(
        Path folder,
        Optional<Path> config,
        Optional<Path> untidyConfig,
        List<WeightGroup> groups,
        List<IndexFile> indexes,
        List<Problem> strays,
        List<Path> unreadable,
        List<ComponentFolder> nested,
        List<Path> rawCheckpoints,
        List<Path> leftovers) {
    /// Copies the lists.
    public ComponentFolder {
        groups = List.copyOf(groups);
        indexes = List.copyOf(indexes);
        strays = List.copyOf(strays);
        unreadable = List.copyOf(unreadable);
        nested = List.copyOf(nested);
        rawCheckpoints = List.copyOf(rawCheckpoints);
        leftovers = List.copyOf(leftovers);
    }

    /// The groups that a load without a variant can mean.
    public List<WeightGroup> plainGroups() {
        return groups.stream().filter(group -> group.variant().isEmpty()).toList();
    }

    /// Indexes that describe no group.
    public List<IndexFile> orphanIndexes() {
        return indexes.stream()
                .filter(index -> groups.stream().noneMatch(index::describes))
                .toList();
    }
}
