package io.github.cogvideo4j.formats.tensor;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// A stream over a storage, read at increasing positions. Plain bytes may be read anywhere; compressed ones are
/// inflated from the start when a read goes back.
sealed interface StorageStream extends AutoCloseable {
    /// Fills the buffer's remaining space with the storage's bytes from a position.
    void readFully(long position, ByteBuffer target) throws IOException;

    @Override
    void close();

    static StorageStream of(OpenFiles files, Storage storage) {
        return switch (storage) {
            case Storage.Plain plain -> new Plain(files, plain);
            case Storage.Deflated deflated -> new Inflating(files, deflated);
        };
    }

    /// Bytes as they lie in the file.
    record Plain(OpenFiles files, Storage.Plain storage) implements StorageStream {
        @Override
        public void readFully(long position, ByteBuffer target) throws IOException {
            files.readFully(storage.file(), storage.offset() + position, target);
        }

        @Override
        public void close() {}
    }

    /// Bytes that are inflated on the way.
    final class Inflating implements StorageStream {
        private static final int CHUNK = 64 * 1024;

        private final OpenFiles files;
        private final Storage.Deflated storage;
        private final ByteBuffer compressed = ByteBuffer.allocate(CHUNK);
        private final ByteBuffer skipped = ByteBuffer.allocate(CHUNK);
        private final Inflater inflater = new Inflater(true);
        private long consumed;
        private long produced;

        Inflating(OpenFiles files, Storage.Deflated storage) {
            this.files = files;
            this.storage = storage;
        }

        @Override
        public void readFully(long position, ByteBuffer target) throws IOException {
            if (position < produced) {
                inflater.reset();
                consumed = 0;
                produced = 0;
            }
            while (produced < position) {
                skipped.clear().limit((int) Math.min(CHUNK, position - produced));
                inflate(skipped);
            }
            inflate(target);
        }

        private void inflate(ByteBuffer target) throws IOException {
            try {
                while (target.hasRemaining()) {
                    int bytes = inflater.inflate(target);
                    produced += bytes;
                    if (bytes == 0) {
                        if (inflater.finished() || consumed == storage.compressedLength()) {
                            throw damaged();
                        }
                        compressed.clear().limit((int) Math.min(CHUNK, storage.compressedLength() - consumed));
                        files.readFully(storage.file(), storage.offset() + consumed, compressed);
                        consumed += compressed.flip().remaining();
                        inflater.setInput(compressed);
                    }
                }
            } catch (DataFormatException e) {
                throw damaged();
            }
        }

        private MalformedFileException damaged() {
            return new MalformedFileException(
                    ProblemCode.BAD_CRC,
                    Place.at(storage.file(), storage.offset()),
                    "formats.storage.inflate",
                    storage.label(),
                    storage.length());
        }

        @Override
        public void close() {
            inflater.end();
        }
    }
}
