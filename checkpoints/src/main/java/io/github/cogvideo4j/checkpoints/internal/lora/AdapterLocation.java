package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.source.RunFolders;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
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

/// The adapter's file that a path means: the file itself, a folder's only one, whatever it is called, or the
/// newest of a training run.
///
/// @param file    the file
/// @param warnings why this and not another
public record AdapterLocation(Path file, List<Problem> warnings) {
    private static final List<String> NAMES = List.of(
            WeightFileName.ADAPTER, "adapter_model.safetensors", "pytorch_lora_weights.bin", "adapter_model.bin");
    /// VideoX-Fun writes the same adapter a second time.
    private static final String SECOND_COPY = "-compatible_with_comfyui";
    /// What trainers number: VideoX-Fun's files; folders of diffusion-pipe and accelerate.
    private static final Pattern NUMBERED_FILE = Pattern.compile("checkpoint-(\\d{1,15})\\.safetensors");
    private static final List<Pattern> NUMBERED_FOLDERS = List.of(
            Pattern.compile("epoch(\\d{1,15})"),
            Pattern.compile("step(\\d{1,15})"),
            Pattern.compile("checkpoint-(\\d{1,15})"));
    /// Where finetrainers keeps adapters, and how it calls each one's folder.
    private static final String FINETRAINERS = "lora_weights";

    private static final Pattern FINETRAINERS_STEP = Pattern.compile("(\\d{1,15})");
    private static final int MOST_FILES = 1000;

    /// Copies the list.
    public AdapterLocation {
        warnings = List.copyOf(warnings);
    }

    /// Finds the file; empty where a folder holds none. A file that is named itself is taken as it is.
    ///
    /// @throws InvalidCheckpointException `ambiguous-weights` when a folder holds several and nothing tells
    ///     which is meant
    public static Optional<AdapterLocation> find(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return Optional.of(new AdapterLocation(path, List.of()));
        }
        Optional<AdapterLocation> own = inFolder(path);
        Optional<AdapterLocation> found = own.isPresent() ? own : inRun(path);
        if (found.isPresent()) {
            return found;
        }
        Optional<Path> newest = RunFolders.newest(path);
        return newest.isPresent() ? find(newest.get()) : Optional.empty();
    }

    private static Optional<AdapterLocation> inFolder(Path folder) throws IOException {
        for (String name : NAMES) {
            if (Files.isRegularFile(folder.resolve(name))) {
                return Optional.of(new AdapterLocation(folder.resolve(name), List.of()));
            }
        }
        List<Path> files = adapters(folder);
        List<Path> newestFirst = files.stream()
                .filter(file -> number(NUMBERED_FILE, file) >= 0)
                .sorted(Comparator.comparingLong((Path file) -> number(NUMBERED_FILE, file))
                        .reversed())
                .toList();
        if (!newestFirst.isEmpty() && newestFirst.size() == files.size()) {
            return Optional.of(chosen(newestFirst.getFirst(), newestFirst.getFirst(), newestFirst.size()));
        }
        if (files.size() > 1) {
            throw new InvalidCheckpointException(
                    ProblemCode.AMBIGUOUS_WEIGHTS,
                    Place.of(folder),
                    "checkpoints.lora.several-files",
                    files.stream()
                            .map(file -> String.valueOf(file.getFileName()))
                            .toList());
        }
        return files.stream().findFirst().map(file -> new AdapterLocation(file, List.of()));
    }

    /// The files in a folder that are adapters by their names of tensors.
    private static List<Path> adapters(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, "*.safetensors")) {
            for (Path child : children) {
                if (files.size() < MOST_FILES && isAdapter(child)) {
                    files.add(child);
                }
            }
        }
        files.sort(Comparator.naturalOrder());
        List<String> names =
                files.stream().map(file -> String.valueOf(file.getFileName())).toList();
        return files.stream()
                .filter(file -> {
                    String name = String.valueOf(file.getFileName());
                    return !name.contains(SECOND_COPY) || !names.contains(name.replace(SECOND_COPY, ""));
                })
                .toList();
    }

    /// Whether a file is an adapter and nothing else. What cannot be read is none.
    public static boolean isAdapter(Path file) throws IOException {
        try {
            return Files.isRegularFile(file)
                    && SafetensorsFile.open(file, Strictness.LENIENT, new Warnings()).tensors().stream()
                            .allMatch(tensor -> Dialects.isTextEncoder(tensor.name())
                                    || Dialects.read(tensor.name()).isPresent());
        } catch (FormatException _) {
            return false;
        }
    }

    private static Optional<AdapterLocation> inRun(Path run) throws IOException {
        Path finetrainers = run.resolve(FINETRAINERS);
        if (Files.isDirectory(finetrainers, LinkOption.NOFOLLOW_LINKS)) {
            Optional<AdapterLocation> found = newest(finetrainers, FINETRAINERS_STEP);
            if (found.isPresent()) {
                return found;
            }
        }
        for (Pattern numbered : NUMBERED_FOLDERS) {
            Optional<AdapterLocation> found = newest(run, numbered);
            if (found.isPresent()) {
                return found;
            }
        }
        return String.valueOf(run.getFileName()).equals(FINETRAINERS)
                ? newest(run, FINETRAINERS_STEP)
                : Optional.empty();
    }

    private static Optional<AdapterLocation> newest(Path run, Pattern numbered) throws IOException {
        List<Path> folders = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(run)) {
            for (Path child : children) {
                if (number(numbered, child) >= 0 && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    folders.add(child);
                }
            }
        }
        folders.sort(Comparator.comparingLong((Path folder) -> number(numbered, folder))
                .reversed());
        for (Path folder : folders) {
            Optional<AdapterLocation> found = inFolder(folder);
            if (found.isPresent()) {
                return Optional.of(chosen(found.get().file(), folder, folders.size()));
            }
        }
        return Optional.empty();
    }

    private static AdapterLocation chosen(Path file, Path numbered, int count) {
        Warnings warnings = new Warnings();
        if (count > 1) {
            warnings.report(
                    ProblemCode.CHOICE,
                    Place.of(file),
                    "checkpoints.lora.newest",
                    String.valueOf(numbered.getFileName()),
                    count);
        }
        return new AdapterLocation(file, warnings.all());
    }

    private static long number(Pattern numbered, Path path) {
        Matcher matcher = numbered.matcher(String.valueOf(path.getFileName()));
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }
}
