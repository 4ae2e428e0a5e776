package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.HubStorage;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.RankFiles;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The place of the state in a path.
///
/// @param place   what was found
/// @param warnings why this and not something else
/// @param average whether it is a folder of averaged weights alone, because those were asked for
public record CheckpointLocation(Found place, List<Problem> warnings, boolean average) {
    /// accelerate's names for the model's part of an FSDP checkpoint, one for each model that was trained.
    private static final Pattern FSDP_MODEL = Pattern.compile("pytorch_model_fsdp_(\\d{1,4})");

    /// What a path can hold.
    public sealed interface Found {}

    /// State, and the planner that reads its kind.
    ///
    /// @param folder  its folder
    /// @param planner plans its state dict
    public record State(Path folder, Planner planner) implements Found {}

    /// Plans the state dict of a folder.
    public interface Planner {
        Checkpoint plan(Path folder, SourceOptions options) throws IOException;
    }

    /// Plain weights.
    public record FoundFiles(WeightSet set) implements Found {}

    /// A training output with several checkpoints.
    public record Run(List<Path> newestFirst) implements Found {}

    public static CheckpointLocation of(Path path, SourceOptions options) throws IOException {
        return new Search(path, options).search();
    }

    private static final class Search {
        private final Path path;
        private final SourceOptions options;
        private final Warnings warnings = new Warnings();

        Search(Path path, SourceOptions options) {
            this.path = path;
            this.options = options;
        }

        CheckpointLocation search() throws IOException {
            Optional<Found> average = options.average() && Files.isDirectory(path) ? average() : Optional.empty();
            return average.isPresent()
                    ? new CheckpointLocation(average.get(), warnings.all(), true)
                    : new CheckpointLocation(found(), warnings.all(), isAverages(path));
        }

        private Found found() throws IOException {
            if (!Files.isDirectory(path)) {
                return ofFile();
            }
            TagFolders tags = new TagFolders(path, options, warnings);
            Optional<State> given = tags.given();
            if (given.isPresent()) {
                return given.get();
            }
            Optional<Found> output = pipelineOutput();
            if (output.isPresent()) {
                return output.get();
            }
            Optional<State> named = tags.named();
            if (named.isPresent()) {
                return besideCopies(named.get());
            }
            Optional<State> universal = tags.universal();
            if (universal.isPresent()) {
                return universal.get();
            }
            Optional<State> distributed = distributed();
            if (distributed.isPresent()) {
                return besideCopies(distributed.get());
            }
            Optional<State> only = tags.only();
            return only.isPresent() ? only.get() : withoutState();
        }

        /// What is in a folder without DeepSpeed's or FSDP's state.
        private Found withoutState() throws IOException {
            Optional<Found> ranks = ranks(path);
            if (ranks.isPresent()) {
                return ranks.get();
            }
            List<Path> run = TrainerFolders.numbered(path);
            if (!run.isEmpty()
                    && (isNumberedByAccelerate(run)
                            || WeightSet.candidates(path).isEmpty())) {
                return new Run(run);
            }
            UnreadKinds.refuseBrowserNames(path);
            UnreadKinds.refuseResult(path);
            Optional<Path> component = TrainerFolders.component(path, false);
            if (component.isPresent() && WeightSet.candidates(path).isEmpty()) {
                return component(component.get());
            }
            Optional<Path> standalone = standalone();
            if (standalone.isPresent() && WeightSet.candidates(path).isEmpty()) {
                return new FoundFiles(new WeightSet.File(standalone.get()));
            }
            return weights();
        }

        /// A weight file that is known by its name alone, because its trainer calls it nothing else.
        private Optional<Path> standalone() throws IOException {
            try (Stream<Path> files = Files.list(path)) {
                return files.filter(file -> NamingSchemes.ALL.stream()
                                .anyMatch(scheme -> scheme.isStandalone(String.valueOf(file.getFileName()))))
                        .filter(Files::isRegularFile)
                        .min(Comparator.naturalOrder());
            }
        }

        private Found weights() throws IOException {
            if (WeightSet.candidates(path).isEmpty()) {
                UnreadKinds.refuseUnfinished(path);
                Optional<Path> lightning = lightning();
                if (lightning.isPresent()) {
                    return new FoundFiles(new WeightSet.File(lightning.get()));
                }
                Optional<Path> copy = TrainerFolders.savedModel(path);
                if (copy.isPresent()) {
                    return new FoundFiles(WeightSet.find(copy.get()));
                }
                UnreadKinds.refuseAdapters(path);
                Optional<Found> run = newestRun();
                if (run.isPresent()) {
                    return run.get();
                }
            }
            return new FoundFiles(WeightSet.find(path));
        }

        /// What is in the newest run, where a folder holds runs that are named by when they began. Which of
        /// others is wanted is not known: they are named.
        private Optional<Found> newestRun() throws IOException {
            List<Path> runs = RunFolders.in(path);
            if (runs.isEmpty()) {
                return Optional.empty();
            }
            Optional<Path> newest = RunFolders.newest(path);
            if (newest.isEmpty()) {
                throw new InvalidCheckpointException(
                        ProblemCode.NOT_A_CHECKPOINT,
                        Place.of(path),
                        "checkpoints.location.runs",
                        TagFolders.names(runs));
            }
            warnings.report(
                    ProblemCode.CHOICE,
                    Place.of(newest.get()),
                    "checkpoints.location.newest-run",
                    String.valueOf(newest.get().getFileName()),
                    runs.size());
            Search inside = new Search(newest.get(), options);
            Found found = inside.found();
            inside.warnings.all().forEach(warnings::report);
            return Optional.of(found);
        }

        private static boolean isNumberedByAccelerate(List<Path> run) {
            return String.valueOf(run.getFirst().getFileName()).startsWith("checkpoint-");
        }

        /// A file of a state that is spread over several files stands for its folder.
        private Found ofFile() {
            Optional<Path> folder = DistributedCheckpoint.ofPart(path);
            if (folder.isPresent()) {
                return new State(folder.get(), DistributedCheckpoint::plan);
            }
            Path parent = Optional.ofNullable(path.getParent()).orElse(Path.of("."));
            if (HubStorage.isPart(path)) {
                return new State(parent, HubStorage::plan);
            }
            return RankFiles.isPart(path) ? new State(parent, RankFiles::plan) : new FoundFiles(WeightSet.ofFile(path));
        }

        /// Whether the path is a folder of averaged weights, or in one.
        private static boolean isAverages(Path path) {
            Path at = path.toAbsolutePath().normalize();
            Path folder = Files.isDirectory(at)
                    ? at
                    : Optional.ofNullable(at.getParent()).orElse(at);
            return String.valueOf(folder.getFileName()).endsWith(TrainerFolders.AVERAGE);
        }

        /// Averaged weights that have a folder of their own; those inside a distributed checkpoint are chosen by
        /// their names.
        private Optional<Found> average() throws IOException {
            Optional<Path> folder = TrainerFolders.component(path, true);
            if (folder.isEmpty()) {
                return Optional.empty();
            }
            // A checkpoint whose saving was interrupted is not finished, whichever of its copies is wanted.
            for (Path trained : TrainerFolders.component(path, false).stream().toList()) {
                requireFinished(trained);
            }
            requireFinished(folder.get());
            warnings.report(
                    ProblemCode.CHOICE,
                    Place.of(folder.get()),
                    "checkpoints.location.average-taken",
                    String.valueOf(folder.get().getFileName()));
            return Optional.of(new FoundFiles(WeightSet.find(folder.get())));
        }

        /// A component's folder inside a checkpoint. Trainers write its configuration with its weights: without
        /// one, the checkpoint was not finished.
        private Found component(Path folder) throws IOException {
            requireFinished(folder);
            warnOfCopies(folder);
            return new FoundFiles(WeightSet.find(folder));
        }

        private static void requireFinished(Path folder) {
            if (!Files.isRegularFile(folder.resolve("config.json"))) {
                throw new InvalidCheckpointException(
                        ProblemCode.NOT_A_CHECKPOINT,
                        Place.of(folder),
                        "checkpoints.location.component-unfinished",
                        String.valueOf(folder.getFileName()));
            }
        }

        /// Says which other copies of the weights stand beside the one that is taken.
        private Found besideCopies(State taken) throws IOException {
            Optional<Path> component = TrainerFolders.component(path, false);
            if (component.isPresent() || !WeightSet.candidates(path).isEmpty()) {
                warnings.report(
                        ProblemCode.CHOICE,
                        Place.of(taken.folder()),
                        "checkpoints.location.state-taken",
                        String.valueOf(taken.folder().getFileName()),
                        component
                                .map(folder -> String.valueOf(folder.getFileName()))
                                .orElseGet(() -> "model"));
            }
            component.ifPresent(this::warnOfCopies);
            return taken;
        }

        private void warnOfCopies(Path component) {
            for (String name : TrainerFolders.COMPONENTS) {
                for (String other : List.of(name, name + TrainerFolders.AVERAGE)) {
                    Path folder = path.resolve(other);
                    if (Files.isDirectory(folder) && !folder.equals(component)) {
                        warnings.report(
                                ProblemCode.CHOICE,
                                Place.of(folder),
                                other.endsWith(TrainerFolders.AVERAGE)
                                        ? "checkpoints.location.average-there"
                                        : "checkpoints.location.other-component",
                                other,
                                String.valueOf(component.getFileName()));
                    }
                }
            }
        }

        /// The weights that diffusion-pipe wrote for use, rather than its state for resuming.
        private Optional<Found> pipelineOutput() throws IOException {
            List<Path> outputs = TrainerFolders.outputs(path);
            if (outputs.isEmpty()) {
                return Optional.empty();
            }
            Path newest = outputs.getFirst();
            String name = String.valueOf(newest.getFileName());
            if (TrainerFolders.isAdapter(newest)) {
                throw new InvalidCheckpointException(
                        ProblemCode.NOT_A_CHECKPOINT, Place.of(newest), "checkpoints.pipeline.adapter", name);
            }
            warnings.report(ProblemCode.CHOICE, Place.of(newest), "checkpoints.pipeline.output", name, outputs.size());
            return Optional.of(new FoundFiles(WeightSet.find(newest)));
        }

        /// One file a rank, here or in the folder into which verl, torchtitan and NeMo put the model's.
        private static Optional<Found> ranks(Path folder) throws IOException {
            for (Path place : List.of(folder, folder.resolve("actor"), folder.resolve("model"))) {
                if (Files.isDirectory(place) && RankFiles.isStateFolder(place)) {
                    return Optional.of(new State(place, RankFiles::plan));
                }
                boolean consolidated =
                        Files.isDirectory(place) && !WeightSet.candidates(place).isEmpty();
                for (Path pieces : List.of(place, place.resolve("sharded"))) {
                    if (!consolidated && Files.isDirectory(pieces) && HubStorage.isStateFolder(pieces)) {
                        return Optional.of(new State(pieces, HubStorage::plan));
                    }
                }
            }
            return Optional.empty();
        }

        /// Lightning's newest checkpoint, where a folder holds nothing but such files.
        private Optional<Path> lightning() throws IOException {
            List<Path> files = TrainerFolders.lightning(path);
            if (files.size() > 1) {
                warnings.report(
                        ProblemCode.CHOICE,
                        Place.of(files.getFirst()),
                        "checkpoints.location.newest",
                        String.valueOf(files.getFirst().getFileName()),
                        files.size());
            }
            return files.stream().findFirst();
        }

        private Optional<State> distributed() throws IOException {
            if (DistributedCheckpoint.isStateFolder(path)) {
                return Optional.of(new State(path, DistributedCheckpoint::plan));
            }
            List<Path> models = new ArrayList<>();
            try (DirectoryStream<Path> children = Files.newDirectoryStream(path, "pytorch_model_fsdp_*")) {
                for (Path child : children) {
                    if (FSDP_MODEL.matcher(String.valueOf(child.getFileName())).matches() && Files.isDirectory(child)) {
                        models.add(child);
                    }
                }
            }
            if (models.isEmpty()) {
                return Optional.empty();
            }
            models.sort(Comparator.naturalOrder());
            if (models.size() > 1) {
                warnings.report(
                        ProblemCode.CHOICE,
                        Place.of(models.getFirst()),
                        "checkpoints.location.first-model",
                        String.valueOf(models.getFirst().getFileName()),
                        TagFolders.names(models.subList(1, models.size())));
            }
            UnreadKinds.refuseUnfinished(models.getFirst());
            return Optional.of(new State(models.getFirst(), DistributedCheckpoint::plan));
        }
    }
}
