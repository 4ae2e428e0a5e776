package io.github.cogvideo4j.formats.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// Reads a tensor's elements from the first to the last, as many at a time as the caller wants; what
/// [StorageReader#read(StoredTensor, TensorData.Sink)] pushes, this lets one pull. For comparing two tensors
/// piece by piece.
///
/// Bytes come in storage order, so only little-endian storages can be read this way.
public final class TensorCursor implements AutoCloseable {
    private final FileStorageReader reader;
    private final List<Extent> parts;
    private int part;
    private long position;
    private Optional<StorageStream> stream = Optional.empty();

    TensorCursor(FileStorageReader reader, List<Extent> parts) {
        this.reader = reader;
        this.parts = parts;
    }

    /// Fills the buffer's remaining space with the next elements.
    ///
    /// @throws java.nio.BufferUnderflowException when fewer are left
    public void readFully(ByteBuffer target) throws IOException {
        int limit = target.limit();
        while (target.position() < limit) {
            if (part == parts.size()) {
                throw new java.nio.BufferUnderflowException();
            }
            Extent extent = parts.get(part);
            if (position == extent.length()) {
                close();
                part++;
                position = 0;
                continue;
            }
            int bytes = (int) Math.min(limit - target.position(), extent.length() - position);
            target.limit(target.position() + bytes);
            open(extent).readFully(extent.offset() + position, target);
            target.limit(limit);
            position += bytes;
        }
    }

    private StorageStream open(Extent extent) throws IOException {
        if (stream.isEmpty()) {
            stream = Optional.of(reader.stream(extent.storage()));
        }
        return stream.get();
    }

    @Override
    public void close() {
        stream.ifPresent(StorageStream::close);
        stream = Optional.empty();
    }
}
