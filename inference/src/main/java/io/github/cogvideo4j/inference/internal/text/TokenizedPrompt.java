package io.github.cogvideo4j.inference.internal.text;

import java.util.List;

/// A prompt as the text encoder takes it.
///
/// @param ids     the tokens: the text's, the end token, then padding up to the length that was asked for
/// @param lost    how many tokens of the prompt did not fit and have no effect on the video; 0 for most prompts
/// @param read    how many tokens of the prompt did fit
/// @param unknown how many of those stand for characters that the encoder has no piece for; a row of them is one
public record TokenizedPrompt(List<Integer> ids, int lost, int read, int unknown) {
    // A name or a symbol in an English text says nothing; a tenth of a text is another language.
    private static final int NOTABLE = 10;

    /// Copies the list.
    public TokenizedPrompt {
        ids = List.copyOf(ids);
    }

    /// Whether so much of it is unknown that the video will hardly show what it says.
    public boolean isHardlyRead() {
        return unknown > 0 && unknown >= read / NOTABLE;
    }
}
