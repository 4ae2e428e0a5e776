package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;

/// The limits of what a file of `torch.save` may make its reader take into memory.
///
/// @param directory bytes of a ZIP's directory
/// @param pickle    bytes of a pickle
/// @param pickles   what one pickle may ask for
record TorchLimits(long directory, long pickle, PickleLimits pickles) {
    /// For a file of weights. Its directory has a record a tensor, 60 to 150 bytes each: this is room for a hundred
    /// times the largest model. The largest pickles known are under a megabyte; one of 64 million opcodes would
    /// be refused anyway.
    static final TorchLimits WEIGHTS = new TorchLimits(16L << 20, 64L << 20, PickleLimits.WEIGHTS);

    /// For a tensor alone: seven records, 700 bytes of directory and 300 of pickle. Many are read at once.
    static final TorchLimits TENSOR = new TorchLimits(64L << 10, 64L << 10, PickleLimits.TENSOR);
}
