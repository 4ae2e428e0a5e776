package io.github.cogvideo4j.formats.internal.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/// The fingerprint that torch puts at the end of a file: a hash of the records' names, and one of their
/// checksums.
///
/// The names are combined in the order in which a `std::unordered_set` of the GNU C++ library yields them, so
/// that order is part of the format of files written on Linux, and is reproduced here.
///
/// Source: `writeSerializationId` in torch's `caffe2/serialize/inline_container.cc`; the hash is MurmurHash64A
/// with the GNU library's seed.
final class SerializationId {
    /// Two numbers of 20 digits.
    static final int LENGTH = 40;

    private static final long SEED = 0xc70f6907L;
    private static final long MULTIPLIER = 0xc6a4a7935bd1e995L;
    // The sizes that the set grows through: each the library's first prime above twice the one before.
    private static final int[] BUCKETS = {
        13, 29, 59, 127, 257, 541, 1109, 2357, 5087, 10273, 20753, 42043, 85229, 172933, 351061, 712697, 1447153
    };

    private final List<Long> nameHashes = new ArrayList<>();
    private long checksums;

    /// Adds a record, in the order of the file. The checksum of an empty one does not count.
    void add(String name, long size, long crc32) {
        nameHashes.add(hash(name.getBytes(StandardCharsets.UTF_8)));
        if (size > 0) {
            checksums = combine(checksums, crc32);
        }
    }

    /// The record's text.
    String value() {
        long names = 0;
        for (long hash : setOrder()) {
            names = combine(names, hash);
        }
        return digits(names) + digits(checksums);
    }

    private static String digits(long unsigned) {
        return String.format(Locale.ROOT, "%20s", Long.toUnsignedString(unsigned))
                .replace(' ', '0');
    }

    private static long combine(long seed, long value) {
        return seed ^ (value + 0x9e3779b9L + (seed << 6) + (seed >>> 2));
    }

    static long hash(byte[] bytes) {
        ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long hash = SEED ^ (bytes.length * MULTIPLIER);
        while (data.remaining() >= Long.BYTES) {
            long block = data.getLong() * MULTIPLIER;
            hash = (hash ^ ((block ^ (block >>> 47)) * MULTIPLIER)) * MULTIPLIER;
        }
        if (data.hasRemaining()) {
            long tail = 0;
            for (int shift = 0; data.hasRemaining(); shift += 8) {
                tail |= Byte.toUnsignedLong(data.get()) << shift;
            }
            hash = (hash ^ tail) * MULTIPLIER;
        }
        hash = (hash ^ (hash >>> 47)) * MULTIPLIER;
        return hash ^ (hash >>> 47);
    }

    /// The hashes in the set's order: the bucket that was used last comes first, in it the element that came
    /// last. When the set is full, all are dealt out again, in the order they were in, to more buckets.
    private List<Long> setOrder() {
        SequencedMap<Long, Deque<Long>> buckets = new LinkedHashMap<>();
        int growth = 0;
        for (int i = 0; i < nameHashes.size(); i++) {
            if (i == BUCKETS[growth]) {
                List<Long> order = inOrder(buckets);
                buckets.clear();
                growth++;
                for (long hash : order) {
                    insert(buckets, BUCKETS[growth], hash);
                }
            }
            insert(buckets, BUCKETS[growth], nameHashes.get(i));
        }
        return inOrder(buckets);
    }

    private static void insert(SequencedMap<Long, Deque<Long>> buckets, int count, long hash) {
        buckets.computeIfAbsent(Long.remainderUnsigned(hash, count), _ -> new ArrayDeque<>())
                .addFirst(hash);
    }

    private static List<Long> inOrder(SequencedMap<Long, Deque<Long>> buckets) {
        return buckets.sequencedValues().reversed().stream()
                .flatMap(Deque::stream)
                .toList();
    }
}
