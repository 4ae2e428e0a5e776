package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.DeepSpeedCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.PipelineLayers;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.HubStorage;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.RankFiles;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Where in a path the state is.
///
/// @param place   what was found
/// @param remarks why this and not something else
/// @param average whether it is a folder of averaged weights alone, because those were asked for
public record CheckpointLocation(Found place, List<Problem> remarks, boolean average) {
    /// accelerate's names for the model's part of an FSDP checkpoint, one for each model that was trained.
    private static final Pattern FSDP_MODEL = Pattern.compile("pytorch_model_fsdp_(\\d{1,4})");
    private static final int LONGEST_TAG = 4096;

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
    public record Weights(WeightSet set) implements Found {}

    /// A training output with several checkpoints.
    public record Run(List<Path> newestFirst) implements Found {}

    public static CheckpointLocation of(Path path, SourceOptions options) throws IOException {
        return new Search(path, options).search();
    }

    private static final class Search {
        private final Path path;
        private final SourceOptions options;
        private final Problems remarks = new Problems();

        Search(Path path, SourceOptions options) {
            this.path = path;
            this.options = options;
        }

        CheckpointLocation search() throws IOException {
            Optional<Found> average = options.average() && Files.isDirectory(path) ? average() : Optional.empty();
            return average.isPresent()
                    ? new CheckpointLocation(average.get(), remarks.all(), true)
                    : new CheckpointLocation(found(), remarks.all(), isAverages(path));
        }

        private Found found() throws IOException {
            if (!Files.isDirectory(path)) {
                return ofFile();
            }
            if (TrainerFolders.isPipeline(path)) {
                return layers(path);
            }
            if (StateFiles.isTagFolder(path)) {
                requireNamed(path);
                return tag(path);
            }
            Optional<Found> output = pipelineOutput();
            if (output.isPresent()) {
                return output.get();
            }
            Path latest = path.resolve("latest");
            if (options.tag().isPresent()
                    && (Files.exists(latest) || !tagFolders().isEmpty())) {
                return besideCopies(tagFolder(options.tag().get(), path));
            }
            if (Files.isRegularFile(latest)) {
                return besideCopies(tagFolder(readTag(latest), latest));
            }
            Path latestUniversal = path.resolve("latest_universal");
            if (Files.isRegularFile(latestUniversal)) {
                return tagFolder(readTag(latestUniversal), latestUniversal);
            }
            Optional<State> distributed = distributed();
            if (distributed.isPresent()) {
                return besideCopies(distributed.get());
            }
            List<Path> tags = tagFolders();
            if (!tags.isEmpty()) {
                return onlyTag(tags);
            }
            return withoutState();
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
                return new Weights(new WeightSet.File(standalone.get()));
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
                    return new Weights(new WeightSet.File(lightning.get()));
                }
                Optional<Path> copy = TrainerFolders.savedModel(path);
                if (copy.isPresent()) {
                    return new Weights(WeightSet.find(copy.get()));
                }
                UnreadKinds.refuseAdapters(path);
            }
            return new Weights(WeightSet.find(path));
        }

        private static boolean isNumberedByAccelerate(List<Path> run) {
            return String.valueOf(run.getFirst().getFileName()).startsWith("checkpoint-");
        }

        /// A file of state that is spread over several stands for its folder.
        private Found ofFile() {
            Optional<Path> folder = DistributedCheckpoint.ofPart(path);
            if (folder.isPresent()) {
                return new State(folder.get(), DistributedCheckpoint::plan);
            }
            Path parent = Optional.ofNullable(path.toAbsolutePath().getParent()).orElse(path);
            if (HubStorage.isPart(path)) {
                return new State(parent, HubStorage::plan);
            }
            return RankFiles.isPart(path) ? new State(parent, RankFiles::plan) : new Weights(WeightSet.ofFile(path));
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
            remarks.report(
                    ProblemCode.CHOICE,
                    Place.of(folder.get()),
                    "checkpoints.location.average-taken",
                    String.valueOf(folder.get().getFileName()));
            return Optional.of(new Weights(WeightSet.find(folder.get())));
        }

        /// A component's folder inside a checkpoint. Trainers write its configuration with its weights: without
        /// one, the checkpoint was not finished.
        private Found component(Path folder) throws IOException {
            requireFinished(folder);
            remarkCopies(folder);
            return new Weights(WeightSet.find(folder));
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
                remarks.report(
                        ProblemCode.CHOICE,
                        Place.of(taken.folder()),
                        "checkpoints.location.state-taken",
                        String.valueOf(taken.folder().getFileName()),
                        component
                                .map(folder -> String.valueOf(folder.getFileName()))
                                .orElseGet(() -> "model"));
            }
            component.ifPresent(this::remarkCopies);
            return taken;
        }

        private void remarkCopies(Path component) {
            for (String name : TrainerFolders.COMPONENTS) {
                for (String other : List.of(name, name + TrainerFolders.AVERAGE)) {
                    Path folder = path.resolve(other);
                    if (Files.isDirectory(folder) && !folder.equals(component)) {
                        remarks.report(
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

        /// What diffusion-pipe made to be used, rather than its state for going on.
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
            remarks.report(ProblemCode.CHOICE, Place.of(newest), "checkpoints.pipeline.output", name, outputs.size());
            return Optional.of(new Weights(WeightSet.find(newest)));
        }

        private static State tag(Path folder) throws IOException {
            return TrainerFolders.isPipeline(folder) ? layers(folder) : new State(folder, DeepSpeedCheckpoint::plan);
        }

        private static State layers(Path folder) {
            return new State(folder, PipelineLayers::plan);
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
                remarks.report(
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
                remarks.report(
                        ProblemCode.CHOICE,
                        Place.of(models.getFirst()),
                        "checkpoints.location.first-model",
                        String.valueOf(models.getFirst().getFileName()),
                        names(models.subList(1, models.size())));
            }
            UnreadKinds.refuseUnfinished(models.getFirst());
            return Optional.of(new State(models.getFirst(), DistributedCheckpoint::plan));
        }

        /// A state folder that was given itself is the one that the option names, or there is none.
        private void requireNamed(Path folder) {
            String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
            if (options.tag().filter(tag -> !tag.equals(name)).isPresent()) {
                throw tagged(Problem.of(
                        ProblemCode.TAG_NOT_FOUND,
                        Place.of(folder),
                        "checkpoints.location.tag-not-found",
                        options.tag().get(),
                        name));
            }
        }

        /// The tag without white space around it; a byte order mark counts as such, as an editor may have left
        /// one.
        private String readTag(Path latest) throws IOException {
            if (Files.size(latest) > LONGEST_TAG) {
                throw new InvalidCheckpointException(
                        ProblemCode.TAG_NOT_FOUND,
                        Place.of(latest),
                        "checkpoints.location.latest-too-long",
                        Files.size(latest));
            }
            String text = new String(Files.readAllBytes(latest), StandardCharsets.UTF_8);
            return text.replace("\uFEFF", "").strip();
        }

        private State tagFolder(String tag, Path origin) throws IOException {
            if (tag.isEmpty()) {
                throw tagged(
                        Problem.of(ProblemCode.TAG_NOT_FOUND, Place.of(origin), "checkpoints.location.latest-empty"));
            }
            Path folder = PlainFileName.of(tag)
                    .map(name -> name.in(path))
                    .orElseThrow(() -> new UnsafeFileException(
                            ProblemCode.UNSAFE_PATH, Place.of(origin), "checkpoints.location.unsafe-tag", tag));
            if (!Files.isDirectory(folder)) {
                throw tagged(Problem.of(
                        ProblemCode.TAG_NOT_FOUND,
                        Place.of(origin),
                        "checkpoints.location.tag-not-found",
                        tag,
                        names(tagFolders())));
            }
            List<Path> others =
                    tagFolders().stream().filter(other -> !other.equals(folder)).toList();
            if (!others.isEmpty()) {
                remarks.report(Problem.of(
                                ProblemCode.CHOICE,
                                Place.of(folder),
                                "checkpoints.location.other-tags",
                                tag,
                                names(others))
                        .with(Remedy.change(Remedy.Field.TAG)));
            }
            return tag(folder);
        }

        private static InvalidCheckpointException tagged(Problem problem) {
            return new InvalidCheckpointException(problem.with(Remedy.change(Remedy.Field.TAG)));
        }

        private State onlyTag(List<Path> tags) throws IOException {
            if (tags.size() > 1) {
                throw tagged(Problem.of(
                        ProblemCode.LATEST_ABSENT,
                        Place.of(path),
                        "checkpoints.location.latest-absent-several",
                        names(tags)));
            }
            remarks.report(
                    ProblemCode.LATEST_ABSENT, Place.of(path), "checkpoints.location.latest-absent", names(tags));
            return tag(tags.getFirst());
        }

        private List<Path> tagFolders() throws IOException {
            List<Path> tags = new ArrayList<>();
            try (DirectoryStream<Path> children = Files.newDirectoryStream(path, Files::isDirectory)) {
                for (Path child : children) {
                    if (StateFiles.isTagFolder(child) || TrainerFolders.isPipeline(child)) {
                        tags.add(child);
                    }
                }
            }
            tags.sort(Comparator.naturalOrder());
            return tags;
        }

        private static String names(List<Path> folders) {
            return folders.isEmpty()
                    ? "-"
                    : folders.stream()
                            .map(folder -> String.valueOf(folder.getFileName()))
                            .collect(Collectors.joining(", "));
        }
    }
}
