package io.github.cogvideo4j.formats.tensor;

/// A sub-range of a storage.
///
/// @param storage the storage
/// @param offset  where the range starts, in bytes from the storage's start
/// @param length  how many bytes
public record Extent(Storage storage, long offset, long length) {
    /// Checks that the range lies inside the storage, without overflow.
    public Extent {
        if (offset < 0 || length < 0 || offset > storage.length() - length) {
            throw new IllegalArgumentException(
                    "range %d+%d outside %s of %d bytes".formatted(offset, length, storage.label(), storage.length()));
        }
    }

    /// A part of this range.
    public Extent slice(long start, long bytes) {
        if (start < 0 || bytes < 0 || start > length - bytes) {
            throw new IllegalArgumentException(
                    "range %d+%d outside an extent of %d bytes".formatted(start, bytes, length));
        }
        return new Extent(storage, offset + start, bytes);
    }
}
