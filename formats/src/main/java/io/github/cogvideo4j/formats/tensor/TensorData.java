package io.github.cogvideo4j.formats.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// The source of a tensor's elements, in row-major order.
public sealed interface TensorData {
    /// Bytes that lie in files: the concatenation of extents. A partition boundary of a distributed
    /// checkpoint is just one more extent; a slice of a fused weight is a sub-range of one.
    ///
    /// @param parts the extents, in order
    record Extents(List<Extent> parts) implements TensorData {
        /// Copies the list.
        public Extents {
            parts = List.copyOf(parts);
        }

        /// The sum of the extents' lengths.
        public long length() {
            return parts.stream().mapToLong(Extent::length).sum();
        }
    }

    /// A view of a storage that is not row-major: transposed, expanded, every other row.
    ///
    /// @param storage the storage
    /// @param offset  the first element, in elements from the storage's start
    /// @param strides the step of each dimension, in elements; none negative
    record Strided(Storage storage, long offset, List<Long> strides) implements TensorData {
        /// Copies the list.
        public Strided {
            strides = List.copyOf(strides);
        }
    }

    /// Elements that need arithmetic. Implementations stream: they never hold more than a bounded part of a
    /// tensor.
    non-sealed interface Computed extends TensorData {
        /// How it is made, in a few words, for plans and reports.
        String description();

        /// The storages it reads, for plans and for the check that sources did not change.
        List<Storage> inputs();

        /// Produces the bytes, little-endian, from the first element to the last, in as many pieces as it
        /// likes; each piece is whole elements.
        void compute(StorageReader reader, Sink sink) throws IOException;
    }

    /// Takes bytes in order. A sink consumes all that remains in the buffer before it returns.
    @FunctionalInterface
    interface Sink {
        /// Consumes the buffer's remaining bytes.
        void accept(ByteBuffer bytes) throws IOException;
    }

    /// Reads tensors' bytes piece by piece, in bounded memory. Safe to use from several threads at once.
    interface StorageReader {
        /// Passes the bytes of one extent to the sink, in order, as they lie in the storage.
        void read(Extent extent, TensorData.Sink sink) throws IOException;

        /// Passes a tensor's elements to the sink: row-major, little-endian, each piece whole elements.
        void read(StoredTensor tensor, TensorData.Sink sink) throws IOException;

        /// A cursor, which lets one pull the elements that [#read(StoredTensor, TensorData.Sink)] pushes, over
        /// a tensor that lies row-major and little-endian in its files; empty for any other. Recorded checksums
        /// cover what is read through it.
        Optional<FileStorageReader.TensorCursor> checkedCursor(StoredTensor tensor);
    }
}
