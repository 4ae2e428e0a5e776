package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.video.FrameSource;
import io.github.cogvideo4j.inference.internal.video.PixelFrame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// The reader of video files, MP4, MOV, MKV, WebM, AVI and GIF, and of folders of PNG frames.
public final class VideoFile {
    /// Frames a second of a file or folder that does not say.
    static final double RATE_WHEN_UNKNOWN = 8;

    private VideoFile() {}

    /// Reads the chosen frames. The file is decoded twice: once to count, so that the memory is known before
    /// it is taken.
    ///
    /// @throws InvalidRequestException `video` when it is no such file, damaged, without frames, or beyond the
    /// limits
    public static Video read(Path file, FrameChoice choice, VideoLimits limits) throws IOException {
        if (Files.isDirectory(file)) {
            return FrameFolder.read(file, choice, limits);
        }
        int count = count(file, limits);
        if (count == 0) {
            throw refused(file, "inference.video.no-frames");
        }
        int[] chosen = choice.of(count);
        try (FrameSource source = new FrameSource(file, limits)) {
            requireRoom(file, chosen.length, source.height(), source.width(), limits);
            double rate = source.framesPerSecond();
            Video video =
                    Video.allocate(chosen.length, source.height(), source.width(), rate > 0 ? rate : RATE_WHEN_UNKNOWN);
            boolean whole = false;
            try {
                fill(video, source, chosen, file);
                whole = true;
                return video;
            } finally {
                if (!whole) {
                    video.close();
                }
            }
        }
    }

    /// Reads the first frame of a file and decodes no other.
    ///
    /// @throws InvalidRequestException `video` as [#read(Path, FrameChoice, VideoLimits)]
    public static Image firstFrame(Path file, VideoLimits limits) throws IOException {
        try (FrameSource source = new FrameSource(file, limits)) {
            requireRoom(file, 1, source.height(), source.width(), limits);
            if (!source.next()) {
                throw refused(file, "inference.video.no-frames");
            }
            Image image = Image.allocate(source.height(), source.width());
            boolean whole = false;
            try (PixelFrame converter = new PixelFrame(source.height(), source.width())) {
                source.copyTo(converter, image.pixels());
                whole = true;
                return image;
            } finally {
                if (!whole) {
                    image.close();
                }
            }
        }
    }

    /// The files that a video is read from: itself, or the PNG files of a folder in the order of their names, in
    /// which numbers count by their value.
    public static List<Path> files(Path video) throws IOException {
        return Files.isDirectory(video) ? FrameFolder.files(video) : List.of(video);
    }

    /// Refuses frames that would take more memory than is allowed.
    static void requireRoom(Path file, int frames, int height, int width, VideoLimits limits) {
        long bytes = (long) height * width * Video.CHANNELS * frames;
        if (bytes > limits.mostBytes()) {
            throw refused(file, "inference.video.too-large", frames, width, height, bytes, limits.mostBytes());
        }
    }

    private static void fill(Video video, FrameSource source, int[] chosen, Path file) throws IOException {
        try (PixelFrame converter = new PixelFrame(video.height(), video.width())) {
            int number = -1;
            for (int i = 0; i < chosen.length; i++) {
                while (number < chosen[i]) {
                    if (!source.next()) {
                        throw refused(file, "inference.video.changed");
                    }
                    number++;
                }
                source.copyTo(converter, video.frame(i));
            }
        }
    }

    private static int count(Path file, VideoLimits limits) throws IOException {
        int count = 0;
        try (FrameSource source = new FrameSource(file, limits)) {
            while (source.next()) {
                count++;
                if (count > limits.mostFrames()) {
                    throw refused(file, "inference.video.too-long", limits.mostFrames());
                }
            }
        }
        return count;
    }

    static InvalidRequestException refused(Path file, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.VIDEO, Place.of(file), key, arguments);
    }

    /// The choice of the frames of a video that are used.
    @FunctionalInterface
    public interface FrameChoice {
        /// Chooses frames.
        ///
        /// @param count how many the file has
        /// @return their numbers, counted from 0, ascending
        int[] of(int count);

        /// All of them.
        static FrameChoice all() {
            return count -> IntStream.range(0, count).toArray();
        }

        /// The first ones.
        static FrameChoice first(int most) {
            return count -> IntStream.range(0, Math.min(count, most)).toArray();
        }

        /// Evenly spread ones, with the first and the last among them where there are several.
        static FrameChoice spread(int most) {
            return count -> {
                int chosen = Math.min(count, most);
                return IntStream.range(0, chosen)
                        .map(i -> chosen == 1 ? 0 : Math.toIntExact(Math.round(i * (count - 1.0) / (chosen - 1))))
                        .toArray();
            };
        }

        /// What CogVideo's `ddim_inversion.py` takes: without the skipped ones at both ends, every `step`-th
        /// where there are more than `most` (`step` 0: so that `most` cover the rest), at most `most`, and of
        /// those from the end left out until 4N + 1 remain.
        static FrameChoice sampled(int skipStart, int skipEnd, int step, int most) {
            return count -> {
                int start = Math.min(skipStart, count - 1);
                int end = Math.max(0, count - skipEnd);
                if (end <= start) {
                    return new int[] {start};
                }
                int stride = end - start <= most ? 1 : step > 0 ? step : Math.max(1, (end - start) / most);
                int[] chosen = IntStream.iterate(start, i -> i < end, i -> i + stride)
                        .limit(most)
                        .toArray();
                int rest = (chosen.length + 3) % 4;
                return IntStream.of(chosen)
                        .limit(Math.max(1, chosen.length - rest))
                        .toArray();
            };
        }
    }

    /// The limits of what is read of a video file before it is refused: a file of a few kilobytes may unfold to any
    /// number of frames.
    ///
    /// @param mostFrames the most frames of a file
    /// @param mostPixels the most pixels of a frame
    /// @param mostBytes  the most bytes of all chosen frames together, 3 for a pixel
    public record VideoLimits(int mostFrames, long mostPixels, long mostBytes) {
        /// 100,000 frames (an hour), 8192 x 4320 pixels, 4 GiB of chosen frames.
        public static final VideoLimits DEFAULT = new VideoLimits(100_000, 8192L * 4320, 4L << 30);
    }
}
