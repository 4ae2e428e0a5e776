package io.github.cogvideo4j.formats.tensor;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Reads a storage at increasing positions. Plain bytes may be read anywhere; compressed ones are inflated
/// from the start when a read goes back.
sealed interface StorageStream extends AutoCloseable {
    /// Fills the buffer's remaining space with the storage's bytes from a position.
    void readFully(long position, ByteBuffer target) throws IOException;

    @Override
    void close();

    static StorageStream of(SourceFile file, Storage storage) {
        return switch (storage) {
            case Storage.Plain plain -> new Plain(file, plain);
            case Storage.Deflated deflated -> new Inflating(file, deflated);
        };
    }

    /// Bytes as they lie in the file.
    record Plain(SourceFile file, Storage.Plain storage) implements StorageStream {
        @Override
        public void readFully(long position, ByteBuffer target) throws IOException {
            file.readFully(storage.offset() + position, target);
        }

        @Override
        public void close() {}
    }

    /// Bytes that are inflated on the way.
    final class Inflating implements StorageStream {
        private static final int CHUNK = 64 * 1024;

        private final SourceFile file;
        private final Storage.Deflated storage;
        private final ByteBuffer compressed = ByteBuffer.allocate(CHUNK);
        private final ByteBuffer skipped = ByteBuffer.allocate(CHUNK);
        private final Inflater inflater = new Inflater(true);
        private long consumed;
        private long produced;

        Inflating(SourceFile file, Storage.Deflated storage) {
            this.file = file;
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
                        file.readFully(storage.offset() + consumed, compressed);
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
