package io.github.cogvideo4j.inference.internal.vae;

/// Told how encoding or decoding gets on.
@FunctionalInterface
public interface VaeProgress {
    /// Tells nobody.
    VaeProgress NONE = (done, total) -> {};

    /// Another step is done. A step is a chunk of frames of one tile of one video, all about equally long.
    void advance(long done, long total);
}
