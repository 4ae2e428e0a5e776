package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;

/// Reads video files: MP4, MOV, MKV, WebM, AVI and GIF.
public final class VideoFile {
    private static final double RATE_WHEN_UNKNOWN = 8;

    private VideoFile() {}

    /// Reads the chosen frames. The file is decoded twice: once to count, so that the memory is known before
    /// it is taken.
    ///
    /// @throws InvalidRequestException `video` when it is no such file, damaged, without frames, or beyond the
    /// limits
    public static Video read(Path file, FrameChoice choice, VideoLimits limits) throws IOException {
        int count = count(file, limits);
        if (count == 0) {
            throw refused(file, "inference.video.no-frames");
        }
        int[] chosen = choice.of(count);
        try (FrameSource source = new FrameSource(file, limits)) {
            long bytes = (long) source.height() * source.width() * Video.CHANNELS * chosen.length;
            if (bytes > limits.mostBytes()) {
                throw refused(
                        file,
                        "inference.video.too-large",
                        chosen.length,
                        source.width(),
                        source.height(),
                        bytes,
                        limits.mostBytes());
            }
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

    private static InvalidRequestException refused(Path file, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.VIDEO, Place.of(file), key, arguments);
    }
}
