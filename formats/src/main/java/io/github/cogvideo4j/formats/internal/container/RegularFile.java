package io.github.cogvideo4j.formats.internal.container;

import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Regular files, opened for reading. Only regular ones: a pipe would block for ever and a device has no size to
/// check against.
public final class RegularFile {
    private RegularFile() {}

    /// Opens a file, or what a link leads to.
    ///
    /// @throws NoSuchFileException when there is none
    /// @throws UnsafeFileException when it is a folder, a pipe, a device
    public static FileChannel open(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        if (!Files.isRegularFile(file)) {
            throw new UnsafeFileException(ProblemCode.UNSAFE_PATH, Place.of(file), "formats.container.not-a-file");
        }
        return FileChannel.open(file, StandardOpenOption.READ);
    }

    /// Fills the buffer from a position on, as far as the file goes, and flips it.
    public static ByteBuffer read(FileChannel channel, long position, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) >= 0) {}
        return buffer.flip();
    }
}
