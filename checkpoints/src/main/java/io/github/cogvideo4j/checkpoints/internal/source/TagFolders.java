package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.CheckpointLocation.State;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.DeepSpeedCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.PipelineLayers;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The tag folders of a DeepSpeed checkpoint, of which `latest` or the caller names one.
final class TagFolders {
    private static final int LONGEST_TAG = 4096;

    private final Path path;
    private final SourceOptions options;
    private final Warnings warnings;

    /// @param path    a checkpoint, or a tag folder itself
    /// @param options may name the tag
    /// @param warnings takes which folder was chosen and which others there are
    TagFolders(Path path, SourceOptions options, Warnings warnings) {
        this.path = path;
        this.options = options;
        this.warnings = warnings;
    }

    /// The path itself, where it is a tag folder.
    ///
    /// @throws InvalidCheckpointException `tag-not-found` when another tag was asked for
    Optional<State> given() throws IOException {
        if (TrainerFolders.isPipeline(path)) {
            return Optional.of(layers(path));
        }
        if (StateFiles.isTagFolder(path)) {
            requireNamed(path);
            return Optional.of(tag(path));
        }
        return Optional.empty();
    }

    /// The folder that the caller or else `latest` names.
    ///
    /// @throws InvalidCheckpointException `tag-not-found` when it is not there
    Optional<State> named() throws IOException {
        Path latest = path.resolve("latest");
        if (options.tag().isPresent() && (Files.exists(latest) || !tagFolders().isEmpty())) {
            return Optional.of(tagFolder(options.tag().get(), path));
        }
        return Files.isRegularFile(latest) ? Optional.of(tagFolder(readTag(latest), latest)) : Optional.empty();
    }

    /// The folder of a universal checkpoint that `latest_universal` names.
    Optional<State> universal() throws IOException {
        Path latest = path.resolve("latest_universal");
        return Files.isRegularFile(latest) ? Optional.of(tagFolder(readTag(latest), latest)) : Optional.empty();
    }

    private static State tag(Path folder) throws IOException {
        return TrainerFolders.isPipeline(folder) ? layers(folder) : new State(folder, DeepSpeedCheckpoint::plan);
    }

    private static State layers(Path folder) {
        return new State(folder, PipelineLayers::plan);
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
            throw tagged(Problem.of(ProblemCode.TAG_NOT_FOUND, Place.of(origin), "checkpoints.location.latest-empty"));
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
            warnings.report(Problem.of(
                            ProblemCode.CHOICE, Place.of(folder), "checkpoints.location.other-tags", tag, names(others))
                    .with(Remedy.change(Remedy.Field.TAG)));
        }
        return tag(folder);
    }

    private static InvalidCheckpointException tagged(Problem problem) {
        return new InvalidCheckpointException(problem.with(Remedy.change(Remedy.Field.TAG)));
    }

    /// The only tag folder, where nothing says which is the latest.
    ///
    /// @throws InvalidCheckpointException `latest-absent` when there are several
    Optional<State> only() throws IOException {
        List<Path> tags = tagFolders();
        if (tags.isEmpty()) {
            return Optional.empty();
        }
        if (tags.size() > 1) {
            throw tagged(Problem.of(
                    ProblemCode.LATEST_ABSENT,
                    Place.of(path),
                    "checkpoints.location.latest-absent-several",
                    names(tags)));
        }
        warnings.report(ProblemCode.LATEST_ABSENT, Place.of(path), "checkpoints.location.latest-absent", names(tags));
        return Optional.of(tag(tags.getFirst()));
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

    /// The names of folders for a message.
    static List<String> names(List<Path> folders) {
        return folders.stream()
                .map(folder -> String.valueOf(folder.getFileName()))
                .toList();
    }
}
