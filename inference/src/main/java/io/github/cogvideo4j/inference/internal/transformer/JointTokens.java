package io.github.cogvideo4j.inference.internal.transformer;

import org.bytedeco.pytorch.Tensor;

/// One sequence of the text's tokens and the video's, in this order, in one tensor: what is done to both is
/// done at once, and the parts are views.
///
/// @param all        `[batch, tokens, width]`
/// @param textTokens how many of the tokens are text
public record JointTokens(Tensor all, long textTokens) {
    /// The text's rows.
    public Tensor text() {
        return all.narrow(1, 0, textTokens);
    }

    /// The video's rows.
    public Tensor video() {
        return all.narrow(1, textTokens, all.size(1) - textTokens);
    }
}
