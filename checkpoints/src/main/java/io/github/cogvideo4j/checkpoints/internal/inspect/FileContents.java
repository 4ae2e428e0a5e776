package io.github.cogvideo4j.checkpoints.internal.inspect;

import io.github.cogvideo4j.checkpoints.inspect.Contents;
import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.checkpoints.inspect.TrainingConfiguration;
import io.github.cogvideo4j.checkpoints.internal.source.WeightFileReader;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.OtherFormat;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.TreeMap;

/// The contents of a single file. Unlike a converter it takes the file for what its bytes say, whatever its name,
/// and shows all tensors in it: also an optimizer's, which are no state dict.
final class FileContents {
    private final Path file;
    private final Warnings warnings = new Warnings();

    private FileContents(Path file) {
        this.file = file;
    }

    /// Reads headers and pickles.
    ///
    /// @throws FormatException when it is damaged, or nothing that holds tensors
    static Contents read(Path file) throws IOException {
        OtherFormat.refuse(file);
        FileContents contents = new FileContents(file);
        return switch (ContainerKind.of(file)) {
            case SAFETENSORS -> contents.safetensors();
            case ZIP, TORCH_LEGACY, PICKLE -> contents.torch();
            // Whatever is wrong with its first bytes: the name says which reader can tell.
            case UNKNOWN -> contents.hasEnding(".safetensors") ? contents.safetensors() : contents.torch();
            case ContainerKind other -> {
                other.requireWeights(file);
                throw new IllegalStateException(other + " passes for weights");
            }
        };
    }

    private Contents safetensors() throws IOException {
        SafetensorsFile opened = SafetensorsFile.open(file, Strictness.LENIENT, warnings);
        if (hasEnding(".bin", ".pt", ".pth", ".ckpt")) {
            warnings.report(ProblemCode.WRONG_CONTAINER, Place.of(file), "formats.torch.is-safetensors");
        }
        return contents(
                "safetensors",
                opened.tensors().stream().map(ListedTensor::of).toList(),
                Optional.empty(),
                opened.metadata());
    }

    private Contents torch() throws IOException {
        TorchFile opened;
        try {
            opened = TorchFile.open(file, warnings);
        } catch (UnsupportedFileException e) {
            // A pickle without a container holds no tensors, and may be all that was meant: a trainer's state.
            if (e.problem().code() == ProblemCode.NOT_WEIGHTS) {
                return contents("pickle", List.of(), Optional.empty(), Map.of());
            }
            throw e;
        }
        if (hasEnding(".safetensors")) {
            boolean zip = opened.container() == TorchFile.Container.ZIP;
            warnings.report(
                    ProblemCode.WRONG_CONTAINER,
                    Place.of(file),
                    zip ? "formats.safetensors.is-a-zip" : "formats.safetensors.is-a-pickle");
        }
        String kind = opened.container() == TorchFile.Container.ZIP ? "torch ZIP" : "torch legacy";
        return contents(kind, TorchTensors.of(file, opened.root(), warnings), Optional.of(opened.root()), Map.of());
    }

    private boolean hasEnding(String... endings) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return List.of(endings).stream().anyMatch(name::endsWith);
    }

    private Contents contents(
            String kind, List<ListedTensor> tensors, Optional<PickleValue> root, Map<String, String> metadata)
            throws IOException {
        SequencedMap<Path, Long> files = new LinkedHashMap<>();
        files.put(file, Files.size(file));
        Optional<TrainingConfiguration> configuration = root.flatMap(TrainingConfiguration::in);
        return new Contents(
                String.valueOf(file.getFileName()),
                kind,
                file,
                files,
                tensors,
                training(root, configuration),
                configuration,
                new LinkedHashMap<>(metadata),
                warnings.all());
    }

    private static TrainingState training(Optional<PickleValue> root, Optional<TrainingConfiguration> configuration) {
        Optional<TrainingState> named = root.map(WeightFileReader::training)
                .filter(training -> training.trainer().isPresent());
        return named.orElseGet(() -> ofDeepSpeed(root.flatMap(PickleValue::asDict), configuration));
    }

    /// The contents of a single state file of DeepSpeed.
    private static TrainingState ofDeepSpeed(
            Optional<PickleValue.Dict> root, Optional<TrainingConfiguration> configuration) {
        TreeMap<String, String> versions = new TreeMap<>();
        root.flatMap(dict -> dict.get("ds_version"))
                .flatMap(PickleValue::asText)
                .ifPresent(version -> versions.put("deepspeed", version));
        OptionalInt stage = configuration
                .flatMap(TrainingConfiguration::zeroStage)
                .filter(text -> text.matches("[0-3]"))
                .map(text -> OptionalInt.of(Integer.parseInt(text)))
                .orElse(OptionalInt.empty());
        OptionalLong ranks = integer(root, "dp_world_size");
        return new TrainingState(
                integer(root, "global_steps"),
                stage,
                ranks.isPresent() ? OptionalInt.of(Math.clamp(ranks.getAsLong(), 0, 1 << 20)) : OptionalInt.empty(),
                Optional.empty(),
                versions);
    }

    private static OptionalLong integer(Optional<PickleValue.Dict> root, String field) {
        return root.flatMap(dict -> dict.get(field)).map(PickleValue::asLong).orElse(OptionalLong.empty());
    }
}
