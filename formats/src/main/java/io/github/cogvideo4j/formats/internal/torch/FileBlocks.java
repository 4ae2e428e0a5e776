package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.internal.container.RegularFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/// An open file, read a block at a time. What describes a container is small pieces close together, at its start
/// and at its end, and where containers lie one after another one's end and the next one's start are a block.
final class FileBlocks {
    // What a block has before and behind the first piece that was wanted of it: more than the head of a file
    // with one tensor, or its directory.
    private static final int REACH = 4 << 10;

    private final Source source;
    private final long size;
    // The last two, by the position that they start at. A block is never written again: pieces are views of it.
    private ByteBuffer recent = ByteBuffer.allocate(0);
    private long recentStart;
    private ByteBuffer older = recent;
    private long olderStart;

    /// Fills a buffer from a position on, as far as there are bytes, and flips it.
    private interface Source {
        ByteBuffer fill(long position, ByteBuffer buffer) throws IOException;
    }

    FileBlocks(FileChannel channel) throws IOException {
        this.source = (position, buffer) -> RegularFile.read(channel, position, buffer);
        this.size = channel.size();
    }

    /// Bytes in memory, from position 0 to the buffer's limit.
    FileBlocks(ByteBuffer bytes) {
        this.source = (position, buffer) -> {
            int from = (int) Math.min(position, bytes.limit());
            return buffer.put(bytes.slice(from, Math.min(buffer.remaining(), bytes.limit() - from)))
                    .flip();
        };
        this.size = bytes.limit();
    }

    /// The file's bytes when it was opened.
    long size() {
        return size;
    }

    /// The bytes at a position of the file, little-endian; fewer where it ends before.
    ByteBuffer read(long position, int length) throws IOException {
        if (length > REACH) {
            return fill(position, length);
        }
        if (isOutside(recentStart, recent, position, length)) {
            if (isOutside(olderStart, older, position, length)) {
                long start = Math.max(0, position - REACH);
                ByteBuffer block = fill(start, 2 * REACH);
                older = recent;
                olderStart = recentStart;
                recent = block;
                recentStart = start;
            } else {
                return piece(olderStart, older, position, length);
            }
        }
        return piece(recentStart, recent, position, length);
    }

    private static boolean isOutside(long start, ByteBuffer block, long position, int length) {
        return position < start || position + length > start + block.limit();
    }

    private static ByteBuffer piece(long start, ByteBuffer block, long position, int length) {
        int from = (int) Math.min(position - start, block.limit());
        return block.slice(from, Math.min(length, block.limit() - from)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer fill(long position, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        return source.fill(position, bytes);
    }
}
