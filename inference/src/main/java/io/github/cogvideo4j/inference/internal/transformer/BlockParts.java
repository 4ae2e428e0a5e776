package io.github.cogvideo4j.inference.internal.transformer;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/// The outputs of a block's two parts: computed, or taken from elsewhere. The block changes what it is given.
public interface BlockParts {
    /// Both are computed.
    BlockParts COMPUTED = new BlockParts() {};

    /// The output of a block's attention, `[rows, tokens, width]`.
    ///
    /// @param block   which block, from 0
    /// @param rows    the rows that are asked for
    /// @param compute computes it
    default Tensor attention(int block, long rows, Supplier<Tensor> compute) {
        return compute.get();
    }

    /// The output of a block's feed-forward, `[rows, tokens, width]`.
    ///
    /// @param block   which block, from 0
    /// @param rows    the rows that are asked for
    /// @param compute computes it
    default Tensor feedForward(int block, long rows, Supplier<Tensor> compute) {
        return compute.get();
    }
}
