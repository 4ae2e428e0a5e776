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
        String name = String.valueOf(output.getFileName());
        int dot = name.lastIndexOf('.');
        String stem = dot <= 0 ? name : name.substring(0, dot);
        String ending = dot <= 0 ? "" : name.substring(dot);
        return output.resolveSibling(stem + suffix + ending);
    }

    /// The file beside a video: `video.mp4` and `.json` give `video.mp4.json`.
    public static Path beside(Path output, String ending) {
        return output.resolveSibling(output.getFileName() + ending);
    }
}
