package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.sat.SatExport;
import io.github.cogvideo4j.checkpoints.internal.source.sat.SatPart;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Weights in a folder, and the source that they are to be compared with.
///
/// @param weights a component's folder, or a weight file
/// @param source  the checkpoint, under the names that the weights have
public record Counterpart(Path weights, Checkpoint source) {
    /// What a folder has of a checkpoint.
    ///
    /// @param folder  a model's folder, a component's, or a SAT checkpoint that a conversion made
    /// @param path    the checkpoint
    /// @param options how to choose in it
    public static List<Counterpart> of(Path folder, Path path, SourceOptions options) throws IOException {
        Checkpoint opened = Checkpoints.open(path, options);
        List<String> written = writtenWeights(folder);
        Optional<String> sat =
                written.stream().filter(file -> file.endsWith(".pt")).findFirst();
        if (sat.isPresent()) {
            return List.of(new Counterpart(folder.resolve(sat.get()), SatExport.plan(opened)));
        }
        boolean fromSat = opened.kind() == CheckpointKind.SAT;
        if (fromSat && SatExport.partOf(opened).equals(Optional.of(SatPart.ADAPTER))) {
            return List.of(new Counterpart(folder.resolve(WeightFileName.ADAPTER), opened));
        }
        Component main = opened.component().orElse(Component.TRANSFORMER);
        List<Counterpart> all = new ArrayList<>();
        all.add(new Counterpart(weightsOf(folder, main), opened));
        // --with-text-encoder wrote it from the same source.
        if (fromSat
                && main != Component.TEXT_ENCODER
                && written.stream().anyMatch(file -> file.startsWith(Component.TEXT_ENCODER.folder() + "/"))) {
            all.add(new Counterpart(
                    weightsOf(folder, Component.TEXT_ENCODER),
                    Checkpoints.openPart(path, options, Component.TEXT_ENCODER)));
        }
        return all;
    }

    /// The folder of a component's weights: that of the model, or the folder itself.
    public static Path weightsOf(Path folder, Component component) {
        Path inModel = folder.resolve(component.folder());
        return Files.isDirectory(inModel) ? inModel : folder;
    }

    private static List<String> writtenWeights(Path folder) throws IOException {
        if (!Files.isRegularFile(folder.resolve(Manifest.FILE_NAME), LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        return ManifestJson.read(folder).files().stream()
                .filter(file -> file.origin() == Manifest.Origin.WEIGHTS)
                .map(Manifest.FileEntry::path)
                .toList();
    }
}
