package io.github.cogvideo4j.formats.tensor;

import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.OptionalLong;

/// A run of bytes in a file that tensors are views of: a ZIP record, a raw storage of the legacy container, the
/// data section of a safetensors file.
///
/// A reader has checked that the run lies inside the file before it makes one of these.
public sealed interface Storage {
    /// The file that holds the bytes.
    Path file();

    /// What the file calls it (`data/0`), for messages.
    String label();

    /// The number of bytes as a tensor sees them, after decompression.
    long length();

    /// The byte order of the elements.
    ByteOrder order();

    /// The CRC-32 that the container records for all of [#length()] bytes.
    OptionalLong crc32();

    /// Bytes that lie in the file as they are.
    ///
    /// @param file   the file
    /// @param label  the container's name for it
    /// @param offset where it starts in the file
    /// @param length how many bytes
    /// @param order  the byte order of the elements
    /// @param crc32  the recorded checksum, when the container has one
    record Plain(Path file, String label, long offset, long length, ByteOrder order, OptionalLong crc32)
            implements Storage {}

    /// Bytes that someone compressed (a re-zipped checkpoint): readable front to back only.
    ///
    /// @param file             the file
    /// @param label            the container's name for it
    /// @param offset           where the compressed bytes start in the file
    /// @param compressedLength how many compressed bytes
    /// @param length           how many bytes they inflate to, as recorded
    /// @param order            the byte order of the elements
    /// @param crc32            the recorded checksum of the inflated bytes
    record Deflated(
            Path file,
            String label,
            long offset,
            long compressedLength,
            long length,
            ByteOrder order,
            OptionalLong crc32)
            implements Storage {}
}
