package io.github.cogvideo4j.inference.image;

import io.github.cogvideo4j.formats.internal.container.RegularFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/// Image formats that the JDK does not read, known by a file's first bytes. WebP is read by other means; the others
/// are named as what they are, not taken for broken videos.
enum ForeignImage {
    /// `RIFF`, a length, `WEBP`.
    WEBP("WebP", "52494646.{8}57454250"),
    /// Little-endian or big-endian, then 42.
    TIFF("TIFF", "(49492a00|4d4d002a).*"),
    /// A box `ftyp` with the brand `avif`.
    AVIF("AVIF", ".{8}6674797061766966"),
    /// A box `ftyp` with the brand `heic`, `heix` or `mif1`.
    HEIF("HEIF", ".{8}66747970(68656963|68656978|6d696631)");

    private static final int HEAD = 12;

    private final String word;
    private final Pattern signature;

    ForeignImage(String word, String signature) {
        this.word = word;
        this.signature = Pattern.compile(signature);
    }

    /// The type of a file; empty when it is another.
    static Optional<ForeignImage> of(Path file) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(HEAD);
        try (FileChannel channel = RegularFile.open(file)) {
            RegularFile.read(channel, 0, head);
        }
        String found = HexFormat.of().formatHex(head.array(), 0, head.limit());
        return Arrays.stream(values())
                .filter(type -> type.signature.matcher(found).matches())
                .findFirst();
    }

    @Override
    public String toString() {
        return word;
    }
}
