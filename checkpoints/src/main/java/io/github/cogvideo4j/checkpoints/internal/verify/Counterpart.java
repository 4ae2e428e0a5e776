package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.placement.BaseTables;
import io.github.cogvideo4j.checkpoints.internal.placement.ComponentPlacement;
import io.github.cogvideo4j.checkpoints.internal.source.ComfyNames;
import io.github.cogvideo4j.checkpoints.internal.source.NamingScheme;
import io.github.cogvideo4j.checkpoints.internal.source.NamingSchemes;
import io.github.cogvideo4j.checkpoints.internal.source.WeightSet;
import io.github.cogvideo4j.checkpoints.internal.table.TableMatch;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
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
    /// @param folder  a model's folder, a component's, or a checkpoint for another trainer that a conversion made
    /// @param path    the checkpoint
    /// @param options how to choose in it
    public static List<Counterpart> of(Path folder, Path path, SourceOptions options) throws IOException {
        Checkpoint opened = Checkpoints.open(path, options);
        List<String> written = writtenWeights(folder);
        for (String file : written) {
            Optional<NamingScheme> names = NamingSchemes.ALL.stream()
                    .filter(scheme -> scheme.writes(file))
                    .findFirst();
            if (names.isPresent()) {
                return List.of(new Counterpart(
                        folder.resolve(file), names.get().export(opened).checkpoint()));
            }
        }
        if (written.contains(ComfyNames.FILE)) {
            Path file = folder.resolve(ComfyNames.FILE);
            Checkpoint plain =
                    ComfyNames.toDiffusers(Checkpoints.openEverySet(file).getFirst());
            TableMatch match = BaseTables.table(plain, file, Optional.empty()).match(opened.shapes());
            return List.of(new Counterpart(file, ComfyNames.of(ComponentPlacement.renamed(opened, match))));
        }
        if (opened.traits().adapter()) {
            return List.of(new Counterpart(folder.resolve(WeightFileName.ADAPTER), opened));
        }
        List<Counterpart> all = new ArrayList<>(placed(folder, opened, written));
        // The text encoder was written from the same source.
        if (opened.traits().translated()
                && !opened.component().equals(Optional.of(Component.TEXT_ENCODER))
                && written.stream().anyMatch(file -> file.startsWith(Component.TEXT_ENCODER.folder() + "/"))) {
            all.add(new Counterpart(
                    weightsOf(folder, Component.TEXT_ENCODER),
                    Checkpoints.openPart(path, options, Component.TEXT_ENCODER)));
        }
        return all;
    }

    /// The components whose tensors the source has, whatever stands before its names; where it has nobody's
    /// whole, the one that is called as its names are.
    private static List<Counterpart> placed(Path folder, Checkpoint source, List<String> written) throws IOException {
        List<Counterpart> whole = new ArrayList<>();
        Optional<Counterpart> nearest = Optional.empty();
        Component named = source.component().orElse(Component.TRANSFORMER);
        for (Path part : parts(folder, written)) {
            Optional<TableMatch> match = match(part, source);
            if (match.isEmpty()) {
                continue;
            }
            Counterpart counterpart = new Counterpart(part, ComponentPlacement.renamed(source, match.get()));
            if (match.get().complete()) {
                whole.add(counterpart);
            } else if (nearest.isEmpty() || part.endsWith(named.folder())) {
                nearest = Optional.of(counterpart);
            }
        }
        if (whole.isEmpty()) {
            return List.of(nearest.orElseGet(() -> new Counterpart(weightsOf(folder, named), source)));
        }
        // Equal tables are experts of one model: the source is one of them.
        return whole.stream()
                                .map(Counterpart::source)
                                .map(Checkpoint::entries)
                                .distinct()
                                .count()
                        == whole.size()
                ? whole
                : List.of(whole.getFirst());
    }

    /// Other components of the folder whose tensors are called and shaped as those of a counterpart.
    ///
    /// @param folder the model's folder
    public List<Counterpart> alike(Path folder) throws IOException {
        List<Counterpart> others = new ArrayList<>();
        for (Path part : parts(folder, List.of())) {
            if (!part.equals(weights)
                    && match(part, source).filter(TableMatch::complete).isPresent()) {
                others.add(new Counterpart(part, source));
            }
        }
        return others;
    }

    private static Optional<TableMatch> match(Path part, Checkpoint source) throws IOException {
        try {
            Checkpoint weights = Checkpoints.openEverySet(part).getFirst();
            return Optional.of(BaseTables.table(weights, part, Optional.empty())
                    .match(source.shapes(), String.valueOf(part.getFileName())));
        } catch (FormatException | CheckpointException unreadable) {
            // It is reported when it is compared.
            return Optional.empty();
        }
    }

    /// The folders that may hold the source's tensors: those that the conversion wrote, or else all.
    private static List<Path> parts(Path folder, List<String> written) throws IOException {
        List<Path> parts = written.stream()
                .filter(path -> path.contains("/"))
                .map(path -> folder.resolve(path.substring(0, path.lastIndexOf('/'))))
                .filter(Files::isDirectory)
                .distinct()
                .toList();
        if (!parts.isEmpty()) {
            return parts;
        }
        List<Path> all = new ArrayList<>();
        for (ModelFolder.ListedComponent component :
                ModelFolder.read(folder).components().values()) {
            if (hasWeights(component.folder())) {
                all.add(component.folder());
            }
        }
        if (all.isEmpty()) {
            Path transformer = weightsOf(folder, Component.TRANSFORMER);
            all.add(transformer);
        }
        return all;
    }

    private static boolean hasWeights(Path folder) throws IOException {
        return Files.isDirectory(folder) && !WeightSet.candidates(folder).isEmpty();
    }

    /// Whether a component of a pipeline is one that diffuses: neither an autoencoder nor an encoder.
    static boolean isModel(String name, ModelFolder.ListedComponent component) throws IOException {
        return component.library().equals("diffusers")
                && Component.mayHaveWeights(name)
                && !component.className().startsWith("Autoencoder")
                && !name.startsWith("vae")
                && !name.startsWith("vqvae")
                && hasWeights(component.folder());
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
