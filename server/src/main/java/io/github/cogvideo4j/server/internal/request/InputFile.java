package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoFile;
import io.github.cogvideo4j.inference.video.VideoFile.FrameChoice;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/// A file that a client sent, known by its first bytes and looked through within limits. Its name and the type that
/// the client gave it mean nothing.
///
/// @param name   its name in the folder of uploads
/// @param kind   what it is
/// @param frames how many frames a video has; 1 for an image
/// @param rate   how fast it plays
record InputFile(String name, Kind kind, int frames, double rate) {
    private static final long LARGEST_IMAGE = 20L << 20;
    private static final int MOST_FRAMES = 3_000;
    private static final long MOST_PIXELS = 4096L * 2304;
    private static final long MOST_IMAGE_PIXELS = 8192L * 8192;
    private static final VideoLimits LIMITS = new VideoLimits(MOST_FRAMES, MOST_PIXELS, 1L << 30);
    private static final int HEAD = 12;
    private static final int MATROSKA = 0x1A45DFA3;

    /// Decoding takes memory, so few files are decoded at once.
    private static final Semaphore DECODING = new Semaphore(2);

    enum Kind {
        IMAGE,
        ANIMATION,
        VIDEO
    }

    /// Looks a file through.
    ///
    /// @throws ApiException 400 or 413, which names the field
    static InputFile of(Uploads uploads, String name, String field) throws IOException {
        Path file = uploads.path(name);
        Kind kind = kind(file, field);
        if (kind == Kind.IMAGE && Files.size(file) > LARGEST_IMAGE) {
            throw Uploads.tooLarge(field, LARGEST_IMAGE);
        }
        DECODING.acquireUninterruptibly();
        try {
            return kind == Kind.IMAGE ? image(file, name, field) : video(file, name, kind);
        } catch (CheckpointException e) {
            throw ApiException.invalid(field, "unusable_file", e.problem().message());
        } finally {
            DECODING.release();
        }
    }

    private static InputFile image(Path file, String name, String field) throws IOException {
        try (Image image = Image.read(file)) {
            if ((long) image.height() * image.width() > MOST_IMAGE_PIXELS) {
                throw ApiException.invalid(field, "server.request.pixels", field, image.width(), image.height());
            }
            return new InputFile(name, Kind.IMAGE, 1, 1);
        }
    }

    private static InputFile video(Path file, String name, Kind kind) throws IOException {
        AtomicInteger frames = new AtomicInteger();
        FrameChoice first = count -> {
            frames.set(count);
            return FrameChoice.first(1).of(count);
        };
        try (Video video = VideoFile.read(file, first, LIMITS)) {
            return new InputFile(name, kind, frames.get(), video.framesPerSecond());
        }
    }

    private static Kind kind(Path file, String field) throws IOException {
        byte[] head;
        try (InputStream in = Files.newInputStream(file)) {
            head = in.readNBytes(HEAD);
        }
        String text = new String(head, StandardCharsets.ISO_8859_1);
        if (text.startsWith("GIF8")) {
            return Kind.ANIMATION;
        }
        if (Image.isStill(file)) {
            return Kind.IMAGE;
        }
        boolean video = text.startsWith("ftyp", 4)
                || (text.startsWith("RIFF") && text.startsWith("AVI ", 8))
                || (head.length >= Integer.BYTES && ByteBuffer.wrap(head).getInt() == MATROSKA);
        if (video) {
            return Kind.VIDEO;
        }
        throw ApiException.invalid(field, "server.request.file-kind", field);
    }
}
