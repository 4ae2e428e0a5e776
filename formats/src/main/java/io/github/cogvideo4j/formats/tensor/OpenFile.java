package io.github.cogvideo4j.formats.tensor;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// An open source file. It is read with a channel and not through a mapping: a file that shrinks under a
/// mapping faults the JVM, under a channel it is an end of file.
final class OpenFile implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;

    /// How many reads are under way; kept by [OpenFiles].
    int users;

    OpenFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /// Fills the buffer's remaining space from a position of the file.
    void readFully(long position, ByteBuffer target) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int read = channel.read(target, at);
            if (read < 0) {
                throw new MalformedFileException(
                        ProblemCode.SOURCE_CHANGED, Place.at(path, at), "formats.source.shrunk", target.remaining());
            }
            at += read;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
