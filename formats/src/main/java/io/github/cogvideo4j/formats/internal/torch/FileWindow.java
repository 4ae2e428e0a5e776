package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// A run of bytes in an open file that holds one container: the whole file, or one of several in a row.
///
/// @param file    the open file
/// @param path    its path, for messages and for the storages found in it
/// @param start   where the run starts in the file
/// @param length  how many bytes
/// @param limits  what the container may make its reader take into memory
record FileWindow(FileBlocks file, Path path, long start, long length, TorchLimits limits) {
    /// All of an open file, which is one of weights.
    static FileWindow whole(FileChannel channel, Path path) throws IOException {
        FileBlocks file = new FileBlocks(channel);
        return new FileWindow(file, path, 0, file.size(), TorchLimits.WEIGHTS);
    }

    /// A run of bytes that something claims to be in a file.
    ///
    /// @throws MalformedFileException `truncated` when it leaves the file
    static FileWindow inside(FileBlocks file, Path path, long start, long length, TorchLimits limits) {
        FileWindow whole = new FileWindow(file, path, 0, file.size(), limits);
        if (start < 0 || length < 0 || start > whole.length() - length) {
            throw whole.truncated(start, length);
        }
        return new FileWindow(file, path, start, length, limits);
    }

    /// Reads bytes at an offset from the window's start, little-endian.
    ByteBuffer read(long offset, long size) throws IOException {
        if (size < 0 || size > Integer.MAX_VALUE - 8 || offset < 0 || offset > length - size) {
            throw truncated(offset, size);
        }
        ByteBuffer bytes = file.read(start + offset, (int) size);
        if (bytes.remaining() < size) {
            throw truncated(offset, size);
        }
        return bytes;
    }

    Place place() {
        return Place.of(path);
    }

    Place at(long offset) {
        return Place.at(path, start + offset);
    }

    MalformedFileException truncated(long offset, long size) {
        return new MalformedFileException(
                ProblemCode.TRUNCATED, at(offset), "formats.torch.truncated", size, Math.max(0, length - offset));
    }
}
