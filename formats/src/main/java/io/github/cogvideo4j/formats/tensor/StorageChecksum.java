package io.github.cogvideo4j.formats.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The CRC-32 of a storage, gathered from the pieces in which it happens to be read, in any order and by any
/// thread, so that checking it costs no second read.
final class StorageChecksum {
    private record Piece(long length, long crc) {}

    /// By offset; pieces never overlap.
    private final TreeMap<Long, Piece> pieces = new TreeMap<>();

    /// Adds a piece that was read. One that overlaps an earlier piece (a shared or overlapping view) is
    /// dropped: what is left uncovered shows up in [#gaps(long)].
    synchronized void add(long offset, long length, long crc) {
        Map.Entry<Long, Piece> before = pieces.floorEntry(offset);
        Map.Entry<Long, Piece> after = pieces.higherEntry(offset);
        boolean overlaps =
                (before != null && before.getKey() + before.getValue().length() > offset)
                        || (after != null && after.getKey() < offset + length);
        if (length == 0 || overlaps) {
            return;
        }
        long start = offset;
        Piece piece = new Piece(length, crc);
        if (before != null && before.getKey() + before.getValue().length() == offset) {
            pieces.remove(before.getKey());
            start = before.getKey();
            piece = join(before.getValue(), piece);
        }
        if (after != null && after.getKey() == offset + length) {
            pieces.remove(after.getKey());
            piece = join(piece, after.getValue());
        }
        pieces.put(start, piece);
    }

    /// The ranges of a storage of this length that have not been read, as offset and length.
    synchronized List<long[]> gaps(long storageLength) {
        List<long[]> gaps = new ArrayList<>();
        long position = 0;
        for (Map.Entry<Long, Piece> entry : pieces.entrySet()) {
            if (entry.getKey() > position) {
                gaps.add(new long[] {position, entry.getKey() - position});
            }
            position = entry.getKey() + entry.getValue().length();
        }
        if (position < storageLength) {
            gaps.add(new long[] {position, storageLength - position});
        }
        return gaps;
    }

    /// The CRC-32 of the whole storage; every byte must have been added.
    synchronized long value() {
        return pieces.isEmpty() ? 0 : pieces.firstEntry().getValue().crc();
    }

    private static Piece join(Piece first, Piece second) {
        return new Piece(
                first.length() + second.length(), Crc32Combination.combine(first.crc(), second.crc(), second.length()));
    }
}
