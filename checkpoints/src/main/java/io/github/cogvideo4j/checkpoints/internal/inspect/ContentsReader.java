package io.github.cogvideo4j.checkpoints.internal.inspect;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.inspect.Contents;
import io.github.cogvideo4j.checkpoints.inspect.TrainingConfiguration;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// A reader that finds out what a path holds: a file, a checkpoint, a folder of weights (both sets where it has
/// two), or every component of a pipeline.
public final class ContentsReader {
    private ContentsReader() {}

    /// Reads headers and pickles, no tensor.
    ///
    /// @param path    a file or a folder
    /// @param options how to choose in a checkpoint
    /// @throws FormatException or a [io.github.cogvideo4j.checkpoints.CheckpointException] when it cannot
    ///     be read
    public static List<Contents> read(Path path, SourceOptions options) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!Files.isDirectory(path)) {
            boolean index = WeightFileName.parse(String.valueOf(path.getFileName()))
                    .map(WeightFileName::index)
                    .orElse(false);
            boolean part = index || DistributedCheckpoint.ofPart(path).isPresent();
            return part ? checkpoints("", path, options) : List.of(FileContents.read(path));
        }
        ModelFolder model = ModelFolder.read(path);
        return model.isPipeline() ? components(model, options) : checkpoints("", path, options);
    }

    /// The components that have weights; the others are configuration only.
    private static List<Contents> components(ModelFolder model, SourceOptions options) throws IOException {
        List<Contents> all = new ArrayList<>();
        for (Map.Entry<String, ModelFolder.ListedComponent> component :
                model.components().entrySet()) {
            Path folder = component.getValue().folder();
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try {
                all.addAll(checkpoints(component.getKey(), folder, options));
            } catch (InvalidCheckpointException e) {
                if (e.problem().code() != ProblemCode.NOT_A_CHECKPOINT) {
                    throw e;
                }
            }
        }
        if (all.isEmpty()) {
            return checkpoints("transformer", model.transformer(), options);
        }
        return all;
    }

    private static List<Contents> checkpoints(String name, Path path, SourceOptions options) throws IOException {
        List<Checkpoint> opened;
        List<Problem> warnings = new ArrayList<>();
        try {
            opened = List.of(Checkpoints.open(path, options));
        } catch (InvalidCheckpointException e) {
            if (e.problem().code() != ProblemCode.AMBIGUOUS_WEIGHTS || !Files.isDirectory(path)) {
                throw e;
            }
            // A converter has to choose; an inspection shows both.
            opened = Checkpoints.openEverySet(path);
            warnings.add(e.problem());
        }
        List<Contents> all = new ArrayList<>();
        for (Checkpoint checkpoint : opened) {
            all.add(contents(name, opened.size() > 1, checkpoint.withWarnings(warnings)));
        }
        return all;
    }

    private static Contents contents(String name, boolean several, Checkpoint checkpoint) throws IOException {
        String file = checkpoint.files().keySet().stream()
                .findFirst()
                .map(first -> String.valueOf(first.getFileName()))
                .orElse("");
        String title = several ? (name.isEmpty() ? file : name + "/" + file) : name;
        return checkpoint.kind() == CheckpointKind.PLAIN_WEIGHTS
                ? Contents.of(title, checkpoint, Optional.empty(), metadata(checkpoint))
                : Contents.of(title, checkpoint, configuration(checkpoint), Map.of());
    }

    /// The same in every rank's file, so the first one that has it speaks for all.
    private static Optional<TrainingConfiguration> configuration(Checkpoint checkpoint) throws IOException {
        for (Path file : checkpoint.files().keySet()) {
            if (String.valueOf(file.getFileName()).endsWith("model_states.pt")) {
                Optional<TrainingConfiguration> found = TrainingConfiguration.in(
                        TorchFile.open(file, new Warnings()).root());
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    /// What the headers of the safetensors files say; of shards, the first one to say something is quoted.
    private static Map<String, String> metadata(Checkpoint checkpoint) throws IOException {
        SequencedMap<String, String> metadata = new LinkedHashMap<>();
        for (Path file : checkpoint.files().keySet()) {
            if (ContainerKind.of(file) == ContainerKind.SAFETENSORS) {
                SafetensorsFile.open(file, Strictness.LENIENT, new Warnings())
                        .metadata()
                        .forEach(metadata::putIfAbsent);
            }
        }
        return metadata;
    }
}
