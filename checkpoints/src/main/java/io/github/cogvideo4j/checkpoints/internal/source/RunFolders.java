package io.github.cogvideo4j.checkpoints.internal.source;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Training runs beside each other in one folder: diffusion-pipe and Hydra make a new folder for every start
/// and name it by date and time.
public final class RunFolders {
    /// `20260101_12-00-00`, `2026-01-01`, and the time inside a day, `12-00-00`. Names of one kind sort by time.
    private static final List<Pattern> DATED = List.of(
            Pattern.compile("\\d{8}(?:\\D.*)?"),
            Pattern.compile("\\d{4}-\\d{2}-\\d{2}(?:\\D.*)?"),
            Pattern.compile("\\d{2}-\\d{2}-\\d{2}(?:\\D.*)?"));

    /// A day, and the times in it.
    private static final int DEPTH = 2;

    private RunFolders() {}

    /// The runs in a folder, the last by name first.
    static List<Path> in(Path folder) throws IOException {
        return in(folder, DEPTH);
    }

    private static List<Path> in(Path folder, int depth) throws IOException {
        List<Path> runs = new ArrayList<>();
        for (Path child : folders(folder)) {
            if (isRun(child)
                    || (depth > 1
                            && isDated(List.of(child))
                            && !in(child, depth - 1).isEmpty())) {
                runs.add(child);
            }
        }
        runs.sort(Comparator.reverseOrder());
        return runs;
    }

    /// The newest run in a folder whose runs are all named by when they began.
    public static Optional<Path> newest(Path folder) throws IOException {
        List<Path> runs = in(folder);
        if (runs.isEmpty() || !isDated(runs)) {
            return Optional.empty();
        }
        Path newest = runs.getFirst();
        return isRun(newest) ? Optional.of(newest) : newest(newest);
    }

    private static boolean isDated(List<Path> folders) {
        return DATED.stream()
                .anyMatch(kind -> folders.stream()
                        .allMatch(folder -> kind.matcher(String.valueOf(folder.getFileName()))
                                .matches()));
    }

    private static boolean isRun(Path folder) throws IOException {
        return !TrainerFolders.numbered(folder).isEmpty()
                || !TrainerFolders.outputs(folder).isEmpty()
                || TrainerFolders.savedModel(folder).isPresent()
                || hasNumberedAdapter(folder);
    }

    /// VideoX-Fun's adapters lie in the run itself.
    private static boolean hasNumberedAdapter(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "checkpoint-*.safetensors")) {
            return files.iterator().hasNext();
        }
    }

    private static List<Path> folders(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
            for (Path child : children) {
                if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS) && Files.isReadable(child)) {
                    found.add(child);
                }
            }
        }
        return found;
    }
}
