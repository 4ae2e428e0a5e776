package io.github.cogvideo4j.cluster.internal.store;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// The lines of a text in UTF-8 of any length, each of limited length. A mark of the byte order is left out.
public final class Lines implements AutoCloseable {
    /// The most bytes of a row.
    public static final int ROW = 1 << 20;

    private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream stream;
    private final int longest;
    private byte[] buffer = new byte[4096];
    private long number;
    private boolean ended;

    /// @param stream  the text, which is closed with this
    /// @param longest the most bytes of a line
    public Lines(InputStream stream, int longest) {
        this.stream = new BufferedInputStream(stream, 1 << 16);
        this.longest = longest;
    }

    /// Whether the line that was read last has an end, as every line has that was written whole.
    boolean isEnded() {
        return ended;
    }

    /// The number of the line that was read last, counted from 1.
    public long number() {
        return number;
    }

    /// The next line without its end, or nothing after the last.
    ///
    /// @throws CharacterCodingException when it is not UTF-8
    /// @throws LongLineException when it is too long; the next call continues behind it
    public Optional<String> next() throws IOException {
        int length = 0;
        boolean tooLong = false;
        int read = stream.read();
        if (read < 0) {
            return Optional.empty();
        }
        number++;
        for (; read >= 0 && read != '\n'; read = stream.read()) {
            if (length == longest) {
                tooLong = true;
                continue;
            }
            if (length == buffer.length) {
                buffer = Arrays.copyOf(buffer, Math.min(longest, 2 * buffer.length));
            }
            buffer[length++] = (byte) read;
        }
        ended = read == '\n';
        if (tooLong) {
            throw new LongLineException();
        }
        if (length > 0 && buffer[length - 1] == '\r') {
            length--;
        }
        boolean marked =
                number == 1 && length >= MARK.length && Arrays.equals(buffer, 0, MARK.length, MARK, 0, MARK.length);
        int start = marked ? MARK.length : 0;
        return Optional.of(StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(buffer, start, length - start))
                .toString());
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }

    /// A line that is longer than any row may be.
    public static final class LongLineException extends IOException {
        private static final long serialVersionUID = 1;
    }
}
