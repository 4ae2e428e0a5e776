package io.github.cogvideo4j.checkpoints.internal.merge;

import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.formats.tensor.FileStorageReader.TensorCursor;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// A tensor's elements as fp32 numbers, block by block at the caller's pace, whatever its data are.
sealed interface TensorBlocks extends AutoCloseable permits TensorBlocks.Pulled, PushedBlocks {
    /// The elements of a block; the last one of a tensor may have fewer. The blocks of several sources, and what
    /// is made of them, stay in the processor's cache together.
    int ELEMENTS = 8 * 1024;

    /// Starts to read a tensor.
    static TensorBlocks open(StorageReader reader, StoredTensor tensor) {
        Optional<TensorCursor> cursor = reader.checkedCursor(tensor);
        return cursor.isPresent() ? new Pulled(cursor.get(), tensor) : PushedBlocks.open(reader, tensor);
    }

    /// The next block, which may be used until the one after it is asked for.
    ///
    /// @param count how many elements it has to have
    float[] next(int count) throws IOException;

    /// Ends the reading, wherever it is.
    @Override
    void close();

    /// The blocks of a tensor whose bytes lie in order in their files: read by the caller itself.
    final class Pulled implements TensorBlocks {
        private final TensorCursor cursor;
        private final FloatMatrix.Floats floats;
        private final float[] block = new float[ELEMENTS];
        private ByteBuffer bytes = ByteBuffer.allocate(0);

        Pulled(TensorCursor cursor, StoredTensor tensor) {
            this.cursor = cursor;
            this.floats = new FloatMatrix.Floats(tensor.dtype());
        }

        @Override
        public float[] next(int count) throws IOException {
            for (int done = 0; done < count; ) {
                if (!bytes.hasRemaining()) {
                    bytes = cursor.next();
                }
                done += floats.next(bytes, block, done, count - done);
            }
            return block;
        }

        @Override
        public void close() {
            cursor.close();
        }
    }
}
