package io.github.cogvideo4j.cluster.internal.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/// A set of texts, of which 128 bits of their SHA-256 are kept: 32 bytes for each, so that a million fit into the heap
/// of any machine. Each has a number, which says the place of what it belongs to.
public final class KeySet {
    private long[] high = new long[1 << 10];
    private long[] low = new long[1 << 10];
    private int[] values = new int[1 << 10];
    private int size;

    /// How many there are.
    public int size() {
        return size;
    }

    /// Adds a text with its number, in place of the number it had.
    ///
    /// @return the number it had, or -1
    public int put(String text, int value) {
        if (size >= high.length / 2) {
            grow();
        }
        byte[] hash = hash(text);
        long h = ByteBuffer.wrap(hash).getLong();
        long l = ByteBuffer.wrap(hash, 8, 8).getLong() | 1; // 0 is an empty place
        int at = slot(h, l);
        int before = low[at] == 0 ? -1 : values[at];
        if (before < 0) {
            size++;
        }
        high[at] = h;
        low[at] = l;
        values[at] = value;
        return before;
    }

    /// Adds a text.
    ///
    /// @return whether it is new
    public boolean add(String text) {
        int before = get(text);
        if (before < 0) {
            put(text, 0);
        }
        return before < 0;
    }

    /// The number of a text, or -1 when it is not in the set.
    public int get(String text) {
        byte[] hash = hash(text);
        int at = slot(
                ByteBuffer.wrap(hash).getLong(), ByteBuffer.wrap(hash, 8, 8).getLong() | 1);
        return low[at] == 0 ? -1 : values[at];
    }

    private int slot(long h, long l) {
        int at = (int) h & (high.length - 1);
        while (low[at] != 0 && !(high[at] == h && low[at] == l)) {
            at = (at + 1) & (high.length - 1);
        }
        return at;
    }

    private void grow() {
        long[] oldHigh = high;
        long[] oldLow = low;
        int[] oldValues = values;
        high = new long[2 * oldHigh.length];
        low = new long[high.length];
        values = Arrays.copyOf(values, high.length);
        for (int i = 0; i < oldHigh.length; i++) {
            if (oldLow[i] != 0) {
                int at = slot(oldHigh[i], oldLow[i]);
                high[at] = oldHigh[i];
                low[at] = oldLow[i];
                values[at] = oldValues[i];
            }
        }
    }

    private static byte[] hash(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
