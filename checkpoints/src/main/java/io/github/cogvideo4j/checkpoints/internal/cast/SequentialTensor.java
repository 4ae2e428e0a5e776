package io.github.cogvideo4j.checkpoints.internal.cast;

import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.FileStorageReader.TensorCursor;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/// A tensor read from front to back at the caller's pace, to hold it against another one that passes by.
public sealed interface SequentialTensor extends AutoCloseable {
    /// A view that is not row-major has to be gathered in memory.
    long LARGEST_GATHERED = 256L << 20;

    /// Starts to read a tensor.
    ///
    /// @throws UnsupportedFileException `unsupported-tensor` when it has to be gathered and is too large for that
    static SequentialTensor open(FileStorageReader reader, StoredTensor tensor) throws IOException {
        Optional<TensorCursor> cursor = reader.cursor(tensor);
        return cursor.isPresent() ? new Direct(cursor.get()) : Gathered.of(reader, tensor);
    }

    /// Fills the buffer's remaining space with the next little-endian elements.
    void readFully(ByteBuffer target) throws IOException;

    @Override
    void close();

    /// Elements that lie in order in their files.
    ///
    /// @param cursor where they are read
    record Direct(TensorCursor cursor) implements SequentialTensor {
        @Override
        public void readFully(ByteBuffer target) throws IOException {
            cursor.readFully(target);
        }

        @Override
        public void close() {
            cursor.close();
        }
    }

    /// Elements that had to be put in order.
    ///
    /// @param elements what has not been taken yet
    record Gathered(ByteBuffer elements) implements SequentialTensor {
        static Gathered of(FileStorageReader reader, StoredTensor tensor) throws IOException {
            if (tensor.byteLength() > LARGEST_GATHERED) {
                throw new UnsupportedFileException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        Place.nowhere().tensor(tensor.name()),
                        "checkpoints.verify.too-large-to-gather",
                        tensor.name());
            }
            ByteBuffer all = ByteBuffer.allocate((int) tensor.byteLength()).order(ByteOrder.LITTLE_ENDIAN);
            reader.read(tensor, all::put);
            return new Gathered(all.flip());
        }

        @Override
        public void readFully(ByteBuffer target) {
            int length = target.remaining();
            target.put(elements.slice(elements.position(), length));
            elements.position(elements.position() + length);
        }

        @Override
        public void close() {}
    }
}
