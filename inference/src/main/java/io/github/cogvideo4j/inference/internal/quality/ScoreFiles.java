package io.github.cogvideo4j.inference.internal.quality;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The files that are measured, each with its reference.
public final class ScoreFiles {
    private static final Set<String> ENDINGS = Set.of("mp4", "m4v", "mov", "mkv", "webm", "avi", "gif");

    private ScoreFiles() {}

    /// The measurements of files and of folders' videos.
    ///
    /// @throws InvalidRequestException `video` when a folder has no videos, or a reference is missing
    public static List<VideoMeasurement> measurements(List<Path> paths, Optional<Path> against) throws IOException {
        List<VideoMeasurement> measurements = new ArrayList<>();
        for (Path path : paths) {
            for (Path file : Files.isDirectory(path) ? videos(path) : List.of(path)) {
                measurements.add(new VideoMeasurement(
                        file, against.isPresent() ? Optional.of(reference(file, against.get())) : Optional.empty()));
            }
        }
        return measurements;
    }

    private static List<Path> videos(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            List<Path> videos = children.filter(Files::isRegularFile)
                    .filter(ScoreFiles::isVideo)
                    .sorted()
                    .toList();
            if (videos.isEmpty()) {
                throw refused(folder, "inference.score.no-videos");
            }
            return videos;
        }
    }

    private static Path reference(Path file, Path against) {
        if (!Files.isDirectory(against)) {
            return against;
        }
        Path reference = against.resolve(String.valueOf(file.getFileName()));
        if (!Files.isRegularFile(reference)) {
            throw refused(file, "inference.score.no-reference", reference);
        }
        return reference;
    }

    /// Hidden files are what programs are still writing.
    private static boolean isVideo(Path file) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return dot > 0
                && !name.startsWith(".")
                && ENDINGS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT));
    }

    private static InvalidRequestException refused(Path path, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.VIDEO, Place.of(path), key, arguments);
    }
}
