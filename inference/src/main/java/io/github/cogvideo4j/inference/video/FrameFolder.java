package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.video.VideoFile.FrameChoice;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The writer and reader of a folder of PNG files, `frame_00000.png` and so on.
final class FrameFolder {
    private static final String EXTENSION = ".png";
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final int LONGEST_NUMBER = 20;

    private FrameFolder() {}

    static void write(Video video, Path folder, boolean overwrite) throws IOException {
        OutputFile.writeFolder(folder, overwrite, unfinished -> {
            for (int i = 0; i < video.frames(); i++) {
                video.image(i).savePng(unfinished.resolve("frame_%05d.png".formatted(i)), false);
            }
        });
    }

    /// The PNG files of a folder in the order of their names. Numbers in names count by their value, so that
    /// `frame_10.png` comes after `frame_9.png`.
    static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> name(file).toLowerCase(Locale.ROOT).endsWith(EXTENSION))
                    .sorted(Comparator.comparing(FrameFolder::order).thenComparing(FrameFolder::name))
                    .toList();
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    private static String order(Path file) {
        return NUMBER.matcher(name(file))
                .replaceAll(number ->
                        "0".repeat(Math.max(0, LONGEST_NUMBER - number.group().length())) + number.group());
    }

    static Video read(Path folder, FrameChoice choice, VideoLimits limits) throws IOException {
        List<Path> files = files(folder);
        if (files.isEmpty()) {
            throw VideoFile.refused(folder, "inference.video.no-png");
        }
        if (files.size() > limits.mostFrames()) {
            throw VideoFile.refused(folder, "inference.video.too-long", limits.mostFrames());
        }
        int[] chosen = choice.of(files.size());
        int height;
        int width;
        try (Image first = Image.read(files.get(chosen[0]))) {
            height = first.height();
            width = first.width();
        }
        VideoFile.requireRoom(folder, chosen.length, height, width, limits);
        Video video = Video.allocate(chosen.length, height, width, VideoFile.RATE_WHEN_UNKNOWN);
        boolean whole = false;
        try {
            for (int i = 0; i < chosen.length; i++) {
                fill(video, i, files.get(chosen[i]));
            }
            whole = true;
            return video;
        } finally {
            if (!whole) {
                video.close();
            }
        }
    }

    private static void fill(Video video, int index, Path file) throws IOException {
        try (Image frame = Image.read(file)) {
            if (frame.height() != video.height() || frame.width() != video.width()) {
                throw VideoFile.refused(
                        file,
                        "inference.video.size-changes",
                        video.width(),
                        video.height(),
                        frame.width(),
                        frame.height());
            }
            video.frame(index).copyFrom(frame.pixels());
        }
    }
}
