package io.github.cogvideo4j.formats.internal.torch;

/// One record of a ZIP, its central directory entry and its local header being in agreement.
///
/// @param name           its full name
/// @param deflated       whether its bytes are compressed
/// @param crc32          the recorded checksum
/// @param compressedSize how many bytes lie in the file
/// @param size           how many bytes they are when inflated
/// @param headerOffset   where its local header starts, from the container's start
/// @param dataOffset     where its bytes start, from the container's start
record ZipRecord(
        String name,
        boolean deflated,
        long crc32,
        long compressedSize,
        long size,
        long headerOffset,
        long dataOffset) {}
