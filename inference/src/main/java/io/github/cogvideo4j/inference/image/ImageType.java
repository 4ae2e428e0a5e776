package io.github.cogvideo4j.inference.image;

import io.github.cogvideo4j.formats.internal.container.RegularFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/// The image formats that are read, known by a file's first bytes and never by its name.
enum ImageType {
    PNG("png", "89504e470d0a1a0a"),
    JPEG("jpeg", "ffd8ff"),
    GIF("gif", "47494638"),
    BMP("bmp", "424d");

    private final String readerName;
    private final String signature;

    ImageType(String readerName, String signature) {
        this.readerName = readerName;
        this.signature = signature;
    }

    /// The name under which the JDK knows its reader.
    String readerName() {
        return readerName;
    }

    /// The type of a file; empty when it is another.
    static Optional<ImageType> of(Path file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(8);
        try (FileChannel channel = RegularFile.open(file)) {
            RegularFile.read(channel, 0, start);
        }
        String found = HexFormat.of().formatHex(start.array(), 0, start.limit());
        return Arrays.stream(values())
                .filter(type -> found.startsWith(type.signature))
                .findFirst();
    }
}
