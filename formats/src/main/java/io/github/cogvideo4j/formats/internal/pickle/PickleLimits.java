package io.github.cogvideo4j.formats.internal.pickle;

/// The limits of what one pickle may ask for before it is refused.
///
/// Measured on files of real trainers: a model-states file takes 51 opcodes and 15 memo entries a tensor, an
/// optimizer file of one process 31 and 7, and the metadata of a distributed checkpoint 94 and 23 for every
/// chunk, which is a tensor on a rank. CogVideoX-5B has about 1,100 tensors.
///
/// @param opcodes      instructions executed
/// @param stackDepth   values and marks on the stack
/// @param memoEntries  memo entries; also the bound on a memo index, which picklers count from 0
/// @param nesting      how deep the resulting value may nest
/// @param expandedSize how many values the result holds when each shared part is counted wherever it occurs
/// @param integerBytes bytes in an integer
/// @param memory       bytes of memory that the values take, estimated
public record PickleLimits(
        int opcodes, int stackDepth, int memoEntries, int nesting, long expandedSize, int integerBytes, long memory) {
    // A pickler in Python writes nested values by recursion and stops at 1,000 frames, several a level.
    private static final int NESTING = 1_000;
    private static final int INTEGER_BYTES = 1_024;

    /// For files of weights: about 17 times what the largest known model needs (57,000 opcodes, 16,000 memo
    /// entries).
    public static final PickleLimits WEIGHTS =
            new PickleLimits(1_000_000, 10_000, 100_000, NESTING, 10_000_000, INTEGER_BYTES, 64L << 20);

    /// For a tensor alone, which takes 50 opcodes and 15 memo entries. Many are read at once, so that what one
    /// may take counts as often.
    public static final PickleLimits TENSOR =
            new PickleLimits(10_000, 1_000, 1_000, NESTING, 10_000, INTEGER_BYTES, 1L << 20);

    /// For the `.metadata` of a distributed checkpoint, which grows with tensors times ranks: 1,100 tensors on
    /// 8 ranks are 830,000 opcodes, 200,000 memo entries and 67 MB. The memory is what a heap of 256 MB leaves,
    /// and is spent first, at 19 ranks.
    public static final PickleLimits DISTRIBUTED_METADATA =
            new PickleLimits(4_000_000, 10_000, 1_000_000, NESTING, 40_000_000, INTEGER_BYTES, 160L << 20);
}
