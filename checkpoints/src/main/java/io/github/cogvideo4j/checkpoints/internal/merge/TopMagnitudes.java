package io.github.cogvideo4j.checkpoints.internal.merge;

import org.jspecify.annotations.Nullable;

/// The elements of largest magnitude among many that pass by, chosen exactly and in bounded memory.
///
/// The bits of an fp32 magnitude, read as a whole number, are ordered as the magnitudes are. A first pass
/// counts how many elements have each value of the upper 16 bits, which tells in which of these groups the last
/// one to be kept lies; a second pass counts the lower 15 bits inside that group, which tells its magnitude. Of
/// several elements of just that magnitude the first ones are kept, as many as are wanted.
final class TopMagnitudes {
    private static final int MAGNITUDE = 0x7FFF_FFFF;
    private static final int LOW_BITS = 15;

    private final long wanted;
    private long @Nullable [] counts;
    private int group = -1;
    private long missing;
    private int threshold = Integer.MAX_VALUE;

    /// @param wanted how many to keep
    TopMagnitudes(long wanted) {
        this.wanted = wanted;
        this.missing = wanted;
        // With none to keep, nothing has to be found out.
        this.counts = wanted > 0 ? new long[1 << (31 - LOW_BITS)] : null;
    }

    /// Whether a pass over all elements is needed before it is known which ones are kept.
    boolean needsPass() {
        return counts != null;
    }

    /// Counts an element of a pass.
    void count(float value) {
        long[] counting = counts;
        if (counting == null) {
            return;
        }
        int bits = Float.floatToRawIntBits(value) & MAGNITUDE;
        if (group < 0) {
            counting[bits >>> LOW_BITS]++;
        } else if (bits >>> LOW_BITS == group) {
            counting[bits & ((1 << LOW_BITS) - 1)]++;
        }
    }

    /// Ends a pass.
    void endPass() {
        long[] counted = counts;
        if (counted == null) {
            return;
        }
        int at = counted.length - 1;
        while (at > 0 && counted[at] < missing) {
            missing -= counted[at];
            at--;
        }
        if (group < 0) {
            group = at;
            counts = new long[1 << LOW_BITS];
        } else {
            threshold = (group << LOW_BITS) | at;
            counts = null;
        }
    }

    /// Whether an element is kept. Elements have to be asked for in the order of the passes, each once.
    boolean keeps(float value) {
        if (wanted == 0) {
            return false;
        }
        int bits = Float.floatToRawIntBits(value) & MAGNITUDE;
        if (bits == threshold && missing > 0) {
            missing--;
            return true;
        }
        return bits > threshold;
    }
}
