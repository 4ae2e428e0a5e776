package io.github.cogvideo4j.formats.internal.safetensors;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// The bytes of a header as a stream of bounded memory, which notes what surrounds the JSON object.
final class HeaderStream extends InputStream {
    private static final int BUFFER = 1 << 16;

    private final FileChannel channel;
    private final Place place;
    private final long end;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
    private long position;
    private int first = -1;
    private int lastBeforePadding = -1;

    HeaderStream(FileChannel channel, Place place, long start, long length) {
        this.channel = channel;
        this.place = place;
        this.position = start;
        this.end = start + length;
    }

    /// Whether the object starts at the first byte, as the format demands.
    boolean startsAtOnce() {
        return first == '{';
    }

    /// Whether nothing but spaces follows the object, as the format demands; meaningful once all has been read.
    boolean isPaddedWithSpaces() {
        return lastBeforePadding == '}';
    }

    @Override
    public int read() throws IOException {
        return fill() ? Byte.toUnsignedInt(buffer.get()) : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, buffer.remaining());
        buffer.get(target, offset, count);
        return count;
    }

    private boolean fill() throws IOException {
        if (buffer.hasRemaining()) {
            return true;
        }
        if (position == end) {
            return false;
        }
        buffer.clear().limit((int) Math.min(BUFFER, end - position));
        if (channel.read(buffer, position) <= 0) {
            // The size was checked: someone cut the file while we read it.
            throw new MalformedFileException(
                    ProblemCode.TRUNCATED, place.offset(position), "formats.safetensors.shrunk");
        }
        buffer.flip();
        position += buffer.remaining();
        note();
        return true;
    }

    private void note() {
        if (first < 0) {
            first = Byte.toUnsignedInt(buffer.get(0));
        }
        int last = buffer.limit() - 1;
        while (last >= 0 && buffer.get(last) == ' ') {
            last--;
        }
        if (last >= 0) {
            lastBeforePadding = Byte.toUnsignedInt(buffer.get(last));
        }
    }
}
