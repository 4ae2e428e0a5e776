package io.github.cogvideo4j.inference.internal.transformer;

import org.bytedeco.pytorch.Tensor;

/// One sequence of the text's tokens and the video's, in this order, in one tensor: what is done to both is
/// done at once, and the parts are views.
///
/// @param all        `[batch, tokens, width]`
/// @param textTokens how many of the tokens are text
record JointTokens(Tensor all, long textTokens) {
    /// The text's rows.
    Tensor text() {
        return all.narrow(1, 0, textTokens);
    }

    /// The video's rows.
    Tensor video() {
        return all.narrow(1, textTokens, all.size(1) - textTokens);
    }
}
