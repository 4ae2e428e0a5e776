package io.github.cogvideo4j.cli.generation;

import java.nio.file.Path;

/// The names of several videos that come from one command line.
public final class OutputNames {
    private OutputNames() {}

    /// The name of one of several: `video.mp4` alone, `video-1.mp4` and so on when there are more.
    ///
    /// @param number which one, counted from 1
    /// @param count  how many there are
    public static Path of(Path output, int number, int count) {
        return count == 1 ? output : withSuffix(output, "-" + number);
    }

    /// A name with something before its ending: `video.mp4` and `-sheet` give `video-sheet.mp4`.
    public static Path withSuffix(Path output, String suffix) {
        String stem = stem(output);
        String ending = String.valueOf(output.getFileName()).substring(stem.length());
        return output.resolveSibling(stem + suffix + ending);
    }

    /// The name without its ending: `video` for `folder/video.mp4`.
    public static String stem(Path file) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return dot <= 0 ? name : name.substring(0, dot);
    }

    /// The file beside a video: `video.mp4` and `.json` give `video.mp4.json`.
    public static Path beside(Path output, String ending) {
        return output.resolveSibling(output.getFileName() + ending);
    }
}
