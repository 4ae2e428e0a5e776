package io.github.cogvideo4j.cli.console;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;

/// A stream of results that remembers what kept it from being written, which [PrintStream] only admits to.
final class ResultStream extends PrintStream {
    /// How the system's C library says `EPIPE`, which is in the user's language.
    private static final List<String> BROKEN_PIPE = List.of("Broken pipe", "断开的管道", "管道已损坏");

    private final Watch watch;

    private ResultStream(Watch watch, Charset charset) {
        super(new BufferedOutputStream(watch), true, charset);
        this.watch = watch;
    }

    static ResultStream of(OutputStream stream, Charset charset) {
        return new ResultStream(new Watch(stream), charset);
    }

    /// What was not written, and why. A reader that has read enough, as in `| head -1`, is no failure.
    Optional<IOException> failure() {
        flush();
        return watch.failure.filter(e -> BROKEN_PIPE.stream()
                .noneMatch(words -> String.valueOf(e.getMessage()).contains(words)));
    }

    private static final class Watch extends FilterOutputStream {
        private Optional<IOException> failure = Optional.empty();

        Watch(OutputStream stream) {
            super(stream);
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                failure = failure.or(() -> Optional.of(e));
                throw e;
            }
        }
    }
}
