package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Where in a path the state is.
///
/// @param place   what was found
/// @param remarks why this and not something else
public record CheckpointLocation(Found place, List<Problem> remarks) {
    private static final Pattern NUMBERED = Pattern.compile("checkpoint-(\\d{1,15})");
    /// accelerate's names for the model's part of an FSDP checkpoint, one for each model that was trained.
    private static final Pattern FSDP_MODEL = Pattern.compile("pytorch_model_fsdp_(\\d{1,4})");
    private static final int LONGEST_TAG = 4096;
    private static final String SAT_AUTOENCODER = "3d-vae.pt";

    /// What a path can hold.
    public sealed interface Found {}

    /// A DeepSpeed tag folder.
    public record TagFolder(Path folder) implements Found {}

    /// A folder with the table of a distributed checkpoint.
    public record Distributed(Path folder) implements Found {}

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
            return new CheckpointLocation(found(), remarks.all());
        }

        private Found found() throws IOException {
            if (!Files.isDirectory(path)) {
                return ofFile();
            }
            if (StateFiles.isTagFolder(path)) {
                requireNamed(path);
                return new TagFolder(path);
            }
            Path latest = path.resolve("latest");
            if (options.tag().isPresent()
                    && (Files.exists(latest) || !tagFolders().isEmpty())) {
                return tagFolder(options.tag().get(), path);
            }
            if (Files.isRegularFile(latest)) {
                return tagFolder(readTag(latest), latest);
            }
            Path latestUniversal = path.resolve("latest_universal");
            if (Files.isRegularFile(latestUniversal)) {
                return tagFolder(readTag(latestUniversal), latestUniversal);
            }
            Optional<Distributed> distributed = distributed();
            if (distributed.isPresent()) {
                return distributed.get();
            }
            List<Path> tags = tagFolders();
            if (!tags.isEmpty()) {
                return onlyTag(tags);
            }
            List<Path> run = numbered();
            if (!run.isEmpty()) {
                return new Run(run);
            }
            UnreadKinds.refuseResult(path);
            Path autoencoder = path.resolve(SAT_AUTOENCODER);
            return new Weights(
                    Files.isRegularFile(autoencoder)
                                    && WeightSet.candidates(path).isEmpty()
                            ? new WeightSet.File(autoencoder)
                            : WeightSet.find(path));
        }

        /// A file of a distributed checkpoint stands for its folder.
        private Found ofFile() {
            Optional<Path> folder = DistributedCheckpoint.ofPart(path);
            return folder.isPresent() ? new Distributed(folder.get()) : new Weights(WeightSet.ofFile(path));
        }

        private Optional<Distributed> distributed() throws IOException {
            if (DistributedCheckpoint.isStateFolder(path)) {
                return Optional.of(new Distributed(path));
            }
            List<Path> models = new ArrayList<>();
            try (DirectoryStream<Path> children = Files.newDirectoryStream(path, "pytorch_model_fsdp_*")) {
                for (Path child : children) {
                    if (FSDP_MODEL.matcher(String.valueOf(child.getFileName())).matches()
                            && DistributedCheckpoint.isStateFolder(child)) {
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
            return Optional.of(new Distributed(models.getFirst()));
        }

        /// A state folder that was given itself is the one that the option names, or there is none.
        private void requireNamed(Path folder) {
            String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
            if (options.tag().filter(tag -> !tag.equals(name)).isPresent()) {
                throw new InvalidCheckpointException(
                        ProblemCode.TAG_NOT_FOUND,
                        Place.of(folder),
                        "checkpoints.location.tag-not-found",
                        options.tag().get(),
                        name);
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

        private TagFolder tagFolder(String tag, Path origin) throws IOException {
            if (tag.isEmpty()) {
                throw new InvalidCheckpointException(
                        ProblemCode.TAG_NOT_FOUND, Place.of(origin), "checkpoints.location.latest-empty");
            }
            Path folder = PlainFileName.of(tag)
                    .map(name -> name.in(path))
                    .orElseThrow(() -> new UnsafeFileException(
                            ProblemCode.UNSAFE_PATH, Place.of(origin), "checkpoints.location.unsafe-tag", tag));
            if (!Files.isDirectory(folder)) {
                throw new InvalidCheckpointException(
                        ProblemCode.TAG_NOT_FOUND,
                        Place.of(origin),
                        "checkpoints.location.tag-not-found",
                        tag,
                        names(tagFolders()));
            }
            List<Path> others =
                    tagFolders().stream().filter(other -> !other.equals(folder)).toList();
            if (!others.isEmpty()) {
                remarks.report(
                        ProblemCode.CHOICE, Place.of(folder), "checkpoints.location.other-tags", tag, names(others));
            }
            return new TagFolder(folder);
        }

        private TagFolder onlyTag(List<Path> tags) {
            if (tags.size() > 1) {
                throw new InvalidCheckpointException(
                        ProblemCode.LATEST_ABSENT,
                        Place.of(path),
                        "checkpoints.location.latest-absent-several",
                        names(tags));
            }
            remarks.report(
                    ProblemCode.LATEST_ABSENT, Place.of(path), "checkpoints.location.latest-absent", names(tags));
            return new TagFolder(tags.getFirst());
        }

        private List<Path> tagFolders() throws IOException {
            List<Path> tags = new ArrayList<>();
            try (DirectoryStream<Path> children = Files.newDirectoryStream(path, Files::isDirectory)) {
                for (Path child : children) {
                    if (StateFiles.isTagFolder(child)) {
                        tags.add(child);
                    }
                }
            }
            tags.sort(Comparator.naturalOrder());
            return tags;
        }

        private List<Path> numbered() throws IOException {
            try (DirectoryStream<Path> children = Files.newDirectoryStream(path, "checkpoint-*")) {
                List<Path> found = new ArrayList<>();
                for (Path child : children) {
                    if (step(child).isPresent() && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                        found.add(child);
                    }
                }
                found.sort(Comparator.comparing((Path child) -> step(child).orElse(0L))
                        .reversed());
                return found;
            }
        }

        private static Optional<Long> step(Path folder) {
            Matcher name = NUMBERED.matcher(String.valueOf(folder.getFileName()));
            return name.matches() ? Optional.of(Long.parseLong(name.group(1))) : Optional.empty();
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
