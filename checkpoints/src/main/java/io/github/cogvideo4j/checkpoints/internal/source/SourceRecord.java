package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a manifest records of the source.
public final class SourceRecord {
    private SourceRecord() {}

    /// Records it.
    ///
    /// @param checkpoint the source
    /// @param sources    its files
    public static Manifest.Source of(Checkpoint checkpoint, Map<Path, FileIdentity> sources) {
        Path folder = checkpoint.folder().toAbsolutePath();
        Optional<Path> root =
                Files.isRegularFile(folder) ? Optional.ofNullable(folder.getParent()) : Optional.of(folder);
        List<Manifest.SourceFile> files = sources.entrySet().stream()
                .map(file -> new Manifest.SourceFile(
                        relative(root, file.getKey().toAbsolutePath()),
                        file.getValue().size(),
                        file.getValue().modified()))
                .toList();
        return new Manifest.Source(
                folder.normalize().toString(),
                checkpoint.kind().title(),
                checkpoint.training().step(),
                checkpoint.training().zeroStage(),
                checkpoint.training().worldSize(),
                checkpoint.training().tag(),
                checkpoint.training().versions(),
                files,
                checkpoint.adapters().stream()
                        .map(applied ->
                                new Manifest.Adapter(absolute(applied.file()), applied.scale(), applied.alpha()))
                        .toList(),
                checkpoint.merge().map(SourceRecord::recorded));
    }

    /// Paths are shown as they were typed, and recorded so that they mean the same everywhere.
    private static Manifest.Merge recorded(Manifest.Merge merge) {
        return new Manifest.Merge(
                merge.method(),
                merge.density(),
                merge.ema(),
                merge.sources().stream()
                        .map(source -> new Manifest.MergedSource(
                                absolute(Path.of(source.path())), source.weight(), source.step(), source.alpha()))
                        .toList(),
                merge.base().map(base -> absolute(Path.of(base))),
                merge.rank());
    }

    private static String absolute(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    private static String relative(Optional<Path> root, Path file) {
        return root.filter(file::startsWith)
                .map(folder -> folder.relativize(file))
                .orElse(file)
                .toString()
                .replace('\\', '/');
    }
}
