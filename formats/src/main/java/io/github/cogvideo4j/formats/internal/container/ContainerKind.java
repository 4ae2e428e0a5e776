package io.github.cogvideo4j.formats.internal.container;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/// The kind of a file by its first bytes, whatever its name says. A guess at the right reader, not a proof: that
/// the rest is in order is for the reader to find out.
public enum ContainerKind {
    /// A length, then a JSON header, then tensors.
    SAFETENSORS,
    /// A ZIP archive, which is what `torch.save` writes by default.
    ZIP,
    /// The sequence of pickles that `torch.save` wrote before it used ZIP.
    TORCH_LEGACY,
    /// A pickle of protocol 2 or later that is not torch's legacy container. (Earlier ones have no mark.)
    PICKLE,
    /// The small text file that stands for a large one in a clone made without git-lfs.
    GIT_LFS_POINTER,
    /// A web page, such as an error or a login page that was saved under a file's name.
    HTML,
    /// XML, such as an object store's error message.
    XML,
    /// JSON text.
    JSON,
    /// A gzip stream.
    GZIP,
    /// A tar archive.
    TAR,
    /// llama.cpp's container for quantised models.
    GGUF,
    /// No bytes at all.
    EMPTY,
    /// Nothing that is recognised.
    UNKNOWN;

    private static final int HEAD = 512;
    private static final long LONGEST_SAFETENSORS_HEADER = 100_000_000;
    private static final int TAR_MARK = 257;

    /// `LONG1` of ten bytes with torch's magic number 0x1950a86a20f9469cfc6c, little-endian. Source:
    /// `torch.serialization.MAGIC_NUMBER`.
    private static final byte[] TORCH_MAGIC = {
        (byte) 0x8a, 10, 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46, (byte) 0xf9, 0x20, 0x6a, (byte) 0xa8, 0x50, 0x19
    };

    /// Looks at a file's first bytes; reads a few hundred of them.
    ///
    /// @throws java.nio.file.NoSuchFileException when there is no such file
    /// @throws io.github.cogvideo4j.formats.UnsafeFileException when it is not a regular file
    public static ContainerKind of(Path file) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            return of(channel);
        }
    }

    /// Looks at an open file's first bytes; reads a few hundred of them.
    public static ContainerKind of(FileChannel channel) throws IOException {
        return of(RegularFile.read(channel, 0, ByteBuffer.allocate(HEAD)));
    }

    /// Judges the first bytes of a file (512 are enough, fewer only if the file is shorter).
    public static ContainerKind of(ByteBuffer head) {
        byte[] bytes = new byte[Math.min(head.remaining(), HEAD)];
        head.get(head.position(), bytes);
        if (bytes.length == 0) {
            return EMPTY;
        }
        // First, because a length may look like any other mark; none of those has four zero bytes and then a
        // brace.
        if (isSafetensors(bytes)) {
            return SAFETENSORS;
        }
        if (startsWith(bytes, 0, "PK\3\4") || startsWith(bytes, 0, "PK\5\6")) {
            return ZIP;
        }
        if (bytes.length > 2 && bytes[0] == (byte) 0x80 && bytes[1] >= 2 && bytes[1] <= 5) {
            return hasTorchMagic(bytes) ? TORCH_LEGACY : PICKLE;
        }
        if (startsWith(bytes, 0, "\u001f\u008b")) {
            return GZIP;
        }
        if (startsWith(bytes, 0, "GGUF")) {
            return GGUF;
        }
        if (startsWith(bytes, TAR_MARK, "ustar")) {
            return TAR;
        }
        return ofText(new String(bytes, StandardCharsets.UTF_8));
    }

    /// Refuses what can hold no tensors at all.
    ///
    /// @throws io.github.cogvideo4j.formats.FormatException naming what the file is instead
    public void requireWeights(Path file) {
        Place place = Place.of(file);
        switch (this) {
            case SAFETENSORS, ZIP, TORCH_LEGACY, PICKLE, UNKNOWN -> {}
            case GIT_LFS_POINTER ->
                throw new UnsupportedFileException(
                        ProblemCode.GIT_LFS_POINTER, place, "formats.container.git-lfs-pointer");
            case HTML, XML ->
                throw new UnsupportedFileException(ProblemCode.NOT_WEIGHTS, place, "formats.container.web-page", this);
            case JSON -> throw new UnsupportedFileException(ProblemCode.NOT_WEIGHTS, place, "formats.container.json");
            case GZIP, TAR ->
                throw new UnsupportedFileException(ProblemCode.NOT_WEIGHTS, place, "formats.container.packed", this);
            case GGUF ->
                throw new UnsupportedFileException(ProblemCode.OTHER_FORMAT, place, "formats.container.gguf", "GGUF");
            case EMPTY -> throw new MalformedFileException(ProblemCode.TRUNCATED, place, "formats.container.empty");
        }
    }

    private static boolean isSafetensors(byte[] bytes) {
        if (bytes.length <= Long.BYTES) {
            return false;
        }
        long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        boolean jsonFollows = switch (bytes[Long.BYTES]) {
            case '{', ' ', '\t', '\r', '\n' -> true;
            default -> false;
        };
        return length >= 0 && length <= LONGEST_SAFETENSORS_HEADER && jsonFollows;
    }

    /// Protocol 4 and later put a frame's length between the protocol and the number.
    private static boolean hasTorchMagic(byte[] bytes) {
        return startsWith(bytes, 2, TORCH_MAGIC) || startsWith(bytes, 11, TORCH_MAGIC);
    }

    private static ContainerKind ofText(String head) {
        String text = head.startsWith("\ufeff") ? head.substring(1) : head;
        text = text.stripLeading().toLowerCase(Locale.ROOT);
        if (text.startsWith("version https://git-lfs.github.com/spec/")) {
            return GIT_LFS_POINTER;
        }
        if (text.startsWith("<!doctype html") || text.startsWith("<html") || text.startsWith("<head")) {
            return HTML;
        }
        if (text.startsWith("<?xml")) {
            return text.contains("<html") || text.contains("<!doctype html") ? HTML : XML;
        }
        if (text.startsWith("{") || text.startsWith("[")) {
            return JSON;
        }
        return UNKNOWN;
    }

    private static boolean startsWith(byte[] bytes, int at, String latin1) {
        return startsWith(bytes, at, latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static boolean startsWith(byte[] bytes, int at, byte[] mark) {
        return bytes.length >= at + mark.length
                && ByteBuffer.wrap(bytes, at, mark.length).equals(ByteBuffer.wrap(mark));
    }
}
