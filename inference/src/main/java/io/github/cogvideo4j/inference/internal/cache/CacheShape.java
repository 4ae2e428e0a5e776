package io.github.cogvideo4j.inference.internal.cache;

/// The sizes that decide how much a step cache keeps.
///
/// @param rows           rows of a prediction: negative and positive ones
/// @param tokens         tokens of a row, text and video
/// @param videoTokens    those of the video
/// @param width          elements of a token
/// @param blocks         the transformer's blocks
/// @param latentElements elements of a row's prediction
/// @param elementBytes   bytes of an element in the type of computation
public record CacheShape(
        long rows, long tokens, long videoTokens, long width, int blocks, long latentElements, int elementBytes) {
    /// The bytes of all tokens of all rows.
    long tokenBytes() {
        return rows * tokens * width * elementBytes;
    }

    /// The bytes of the video's tokens of all rows.
    long videoBytes() {
        return rows * videoTokens * width * elementBytes;
    }
}
