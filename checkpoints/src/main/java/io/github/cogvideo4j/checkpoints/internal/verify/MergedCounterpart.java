package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.merge.CheckpointMerge;
import io.github.cogvideo4j.checkpoints.internal.merge.MergeSources;
import io.github.cogvideo4j.checkpoints.internal.placement.BaseTables;
import io.github.cogvideo4j.checkpoints.internal.placement.ComponentPlacement;
import io.github.cogvideo4j.checkpoints.internal.table.ModelTable;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.Merge;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergedSource;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The source that a merged model is compared with: its sources, merged again.
final class MergedCounterpart {
    private MergedCounterpart() {}

    /// Opens it. Method and weights are those of the manifest; the checkpoints are those that the user names,
    /// as a manifest is no reason to open a file. Of a run that has gone on, the checkpoints that were merged
    /// are taken.
    ///
    /// @param folder   the merged model
    /// @param given    the sources in the same order, or their run
    /// @param base     the model that changes were taken against
    /// @param manifest the merged model's manifest
    /// @param merge    what it records of the merge
    /// @param options  which of each source's weights are meant
    /// @throws InvalidRequestException `request` when they are not as many as the manifest's, or the base is
    ///     not named
    static Counterpart open(
            Path folder, List<Path> given, Optional<Path> base, Manifest manifest, Merge merge, SourceOptions options)
            throws IOException {
        MergeSources found = merged(MergeSources.of(given), merge);
        List<Checkpoint> opened = found.open(given.getFirst(), options, JobControl.none());
        requireAsRecorded(folder, merge, opened.size(), base.isPresent());
        String component = FusedSource.component(manifest);
        Path weights = folder.resolve(component);
        ModelTable table = BaseTables.table(Checkpoints.openEverySet(weights).getFirst(), weights, Optional.empty());
        List<Checkpoint> named = new ArrayList<>();
        for (Checkpoint checkpoint : opened) {
            named.add(ComponentPlacement.renamed(checkpoint, table.match(checkpoint.shapes(), component)));
        }
        Optional<Checkpoint> changed = Optional.empty();
        if (base.isPresent()) {
            Path inModel = base.get().resolve(component);
            changed = Optional.of(
                    Checkpoints.open(Files.isDirectory(inModel) ? inModel : base.get(), SourceOptions.defaults()));
        }
        return new Counterpart(weights, CheckpointMerge.merge(named, changed, merge, false));
    }

    /// Holds what the user names to what the manifest records.
    ///
    /// @param shown   what the user called the result of the merge
    /// @param sources how many sources are named
    /// @param base    whether a base is
    static void requireAsRecorded(Path shown, Merge merge, int sources, boolean base) {
        if (sources != merge.sources().size() || base != merge.base().isPresent()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.of(shown),
                    merge.base().isPresent() ? "checkpoints.verify.merged-with-base" : "checkpoints.verify.merged",
                    shown,
                    merge.sources().size(),
                    merge.sources().stream().map(MergedSource::path).toList(),
                    merge.base().orElse("-"));
        }
    }

    /// Of a run that has gone on, the sources that were merged.
    static MergeSources merged(MergeSources found, Merge merge) {
        if (!found.run()) {
            return found;
        }
        Set<String> names = merge.sources().stream()
                .flatMap(source -> segments(source.path()).stream())
                .collect(Collectors.toSet());
        List<Path> there = found.paths().stream()
                .filter(path -> names.contains(String.valueOf(path.getFileName())))
                .toList();
        return new MergeSources(there, true);
    }

    /// A source's own folder may lie below the checkpoint's.
    private static List<String> segments(String path) {
        return List.of(path.split("[/\\\\]"));
    }
}
