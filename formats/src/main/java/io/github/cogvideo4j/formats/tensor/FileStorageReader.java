package io.github.cogvideo4j.formats.tensor;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.CRC32;

/// A reader of storages from their files through bounded buffers, which gathers the checksums of what it reads.
///
/// However many files there are, a few are open at once; one that is opened again must not have changed. A
/// recorded CRC-32 is checked by [#verifyChecksums()] after everything wanted has been read: it covers every
/// storage that was touched, reading only the bytes that were not requested.
public final class FileStorageReader implements StorageReader, AutoCloseable {
    /// Large enough that a disk streams, small enough that a dozen of them are nothing; a multiple of every
    /// element's size.
    private static final int BUFFER_BYTES = 1 << 20;

    // A quarter of what the strictest limits in use let a process open; any more would gain nothing.
    private static final int MOST_OPEN = 64;

    private final OpenFiles files;
    private final Map<Storage, StorageChecksum> checksums = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<ByteBuffer> buffers = new ConcurrentLinkedQueue<>();

    /// A reader that has opened nothing yet.
    public FileStorageReader() {
        this(MOST_OPEN);
    }

    /// @param mostOpen how many files may be open at once
    FileStorageReader(int mostOpen) {
        this.files = new OpenFiles(mostOpen);
    }

    @Override
    public void read(Extent extent, TensorData.Sink sink) throws IOException {
        Storage storage = extent.storage();
        noteChecksum(storage);
        ByteBuffer buffer = borrow();
        try (StorageStream stream = stream(storage)) {
            long done = 0;
            while (done < extent.length()) {
                buffer.clear().limit((int) Math.min(BUFFER_BYTES, extent.length() - done));
                stream.readFully(extent.offset() + done, buffer);
                buffer.flip();
                gatherChecksum(storage, extent.offset() + done, buffer);
                done += buffer.remaining();
                sink.accept(buffer);
            }
        } finally {
            buffers.add(buffer);
        }
    }

    @Override
    public void read(StoredTensor tensor, TensorData.Sink sink) throws IOException {
        switch (tensor.data()) {
            case TensorData.Extents extents -> {
                for (Extent extent : extents.parts()) {
                    read(extent, swapping(extent.storage(), tensor.dtype(), sink));
                }
            }
            case TensorData.Strided view -> {
                checksumOf(view.storage());
                try (StorageStream stream = stream(view.storage())) {
                    new StridedGather(stream, tensor, view).gather(swapping(view.storage(), tensor.dtype(), sink));
                }
            }
            case TensorData.Computed computed -> computed.compute(this, sink);
        }
    }

    /// A cursor over a tensor that lies row-major and little-endian in its files; empty for any other.
    public Optional<TensorCursor> cursor(StoredTensor tensor) {
        return cursor(tensor, false);
    }

    @Override
    public Optional<TensorCursor> checkedCursor(StoredTensor tensor) {
        return cursor(tensor, true);
    }

    private Optional<TensorCursor> cursor(StoredTensor tensor, boolean checked) {
        if (tensor.data() instanceof TensorData.Extents extents
                && extents.parts().stream()
                        .allMatch(part -> part.storage().order() == ByteOrder.LITTLE_ENDIAN
                                || tensor.dtype().bits() <= 8)) {
            return Optional.of(new TensorCursor(this, extents, checked));
        }
        return Optional.empty();
    }

    StorageStream stream(Storage storage) {
        return StorageStream.of(files, storage);
    }

    /// Checks the recorded CRC-32 of every storage that was read, in full or in part.
    ///
    /// @throws MalformedFileException with `bad-crc` for the first one that does not match
    public void verifyChecksums() throws IOException {
        for (Map.Entry<Storage, StorageChecksum> entry : List.copyOf(checksums.entrySet())) {
            verify(entry.getKey(), entry.getValue());
        }
    }

    private void verify(Storage storage, StorageChecksum checksum) throws IOException {
        if (storage.crc32().isEmpty()) {
            return;
        }
        try (StorageStream stream = stream(storage)) {
            ByteBuffer buffer = borrow();
            for (long[] gap : checksum.gaps(storage.length())) {
                for (long done = 0; done < gap[1]; ) {
                    buffer.clear().limit((int) Math.min(BUFFER_BYTES, gap[1] - done));
                    stream.readFully(gap[0] + done, buffer);
                    buffer.flip();
                    checksum.add(gap[0] + done, buffer.remaining(), crcOf(buffer));
                    done += buffer.remaining();
                }
            }
            buffers.add(buffer);
        }
        if (checksum.value() != storage.crc32().getAsLong()) {
            throw new MalformedFileException(
                    ProblemCode.BAD_CRC,
                    Place.of(storage.file()),
                    "formats.storage.bad-crc",
                    storage.label(),
                    "%08x".formatted(storage.crc32().getAsLong()),
                    "%08x".formatted(checksum.value()));
        }
    }

    private StorageChecksum checksumOf(Storage storage) {
        return checksums.computeIfAbsent(storage, s -> new StorageChecksum());
    }

    /// Notes that a storage is read, so that its checksum is checked if one is recorded.
    private void noteChecksum(Storage storage) {
        if (storage.crc32().isPresent()) {
            checksumOf(storage);
        }
    }

    /// Takes what was read from a position. Inflated bytes are checked front to back in one go at the end.
    private void gatherChecksum(Storage storage, long position, ByteBuffer bytes) {
        if (storage.crc32().isPresent() && storage instanceof Storage.Plain) {
            checksumOf(storage).add(position, bytes.remaining(), crcOf(bytes));
        }
    }

    private static long crcOf(ByteBuffer buffer) {
        CRC32 crc = new CRC32();
        crc.update(buffer.duplicate());
        return crc.getValue();
    }

    /// Files come from either byte order; what leaves here is little-endian.
    private static TensorData.Sink swapping(Storage storage, DType dtype, TensorData.Sink sink) {
        if (storage.order() == ByteOrder.LITTLE_ENDIAN || dtype.bits() <= 8) {
            return sink;
        }
        int unit = dtype.swapUnit();
        return bytes -> {
            for (int start = bytes.position(); start < bytes.limit(); start += unit) {
                for (int low = start, high = start + unit - 1; low < high; low++, high--) {
                    byte value = bytes.get(low);
                    bytes.put(low, bytes.get(high));
                    bytes.put(high, value);
                }
            }
            sink.accept(bytes);
        };
    }

    private ByteBuffer borrow() {
        ByteBuffer buffer = buffers.poll();
        return buffer == null ? ByteBuffer.allocateDirect(BUFFER_BYTES) : buffer;
    }

    @Override
    public void close() throws IOException {
        files.close();
    }

    /// Reads a tensor's elements from the first to the last, as many at a time as the caller wants; what
    /// [StorageReader#read(StoredTensor, TensorData.Sink)] pushes, this lets one pull. For comparing two tensors
    /// piece by piece, and for computing with several that are read in step.
    ///
    /// Bytes come in storage order, so only little-endian storages can be read this way.
    public static final class TensorCursor implements AutoCloseable {
        private final FileStorageReader reader;
        private final List<Extent> parts;
        private final boolean checked;
        private int part;
        private long position;
        private long left;
        private Optional<StorageStream> stream = Optional.empty();
        private Optional<ByteBuffer> lent = Optional.empty();

        TensorCursor(FileStorageReader reader, TensorData.Extents extents, boolean checked) {
            this.reader = reader;
            this.parts = extents.parts();
            this.left = extents.length();
            this.checked = checked;
        }

        /// The next elements, a MiB of them while there are so many, in a buffer that is used again for those
        /// after them; empty at the tensor's end.
        public ByteBuffer next() throws IOException {
            if (lent.isEmpty()) {
                lent = Optional.of(reader.borrow());
            }
            ByteBuffer buffer = lent.get();
            buffer.clear().limit((int) Math.min(BUFFER_BYTES, left));
            readFully(buffer);
            return buffer.flip();
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
                    closeStream();
                    part++;
                    position = 0;
                    continue;
                }
                int bytes = (int) Math.min(limit - target.position(), extent.length() - position);
                int start = target.position();
                target.limit(start + bytes);
                open(extent).readFully(extent.offset() + position, target);
                if (checked) {
                    reader.gatherChecksum(
                            extent.storage(),
                            extent.offset() + position,
                            target.duplicate().position(start));
                }
                target.limit(limit);
                position += bytes;
                left -= bytes;
            }
        }

        private StorageStream open(Extent extent) throws IOException {
            if (stream.isEmpty()) {
                if (checked) {
                    reader.noteChecksum(extent.storage());
                }
                stream = Optional.of(reader.stream(extent.storage()));
            }
            return stream.get();
        }

        private void closeStream() {
            stream.ifPresent(StorageStream::close);
            stream = Optional.empty();
        }

        @Override
        public void close() {
            closeStream();
            lent.ifPresent(reader.buffers::add);
            lent = Optional.empty();
        }
    }
}
