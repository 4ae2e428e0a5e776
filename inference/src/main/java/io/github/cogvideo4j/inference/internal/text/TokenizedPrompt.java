package io.github.cogvideo4j.inference.internal.text;

import java.util.List;

/// A prompt as the text encoder takes it.
///
/// @param ids  the tokens: the text's, the end token, then padding up to the length that was asked for
/// @param lost how many tokens of the prompt did not fit and have no effect on the video; 0 for most prompts
public record TokenizedPrompt(List<Integer> ids, int lost) {
    /// Copies the list.
    public TokenizedPrompt {
        ids = List.copyOf(ids);
    }
}
