package io.github.cogvideo4j.inference.internal.vae;

/// A listener to the progress of encoding or decoding.
@FunctionalInterface
public interface VaeProgress {
    /// A listener that does nothing.
    VaeProgress NONE = (done, total) -> {};

    /// Another step is done. A step is a chunk of frames of one tile of one video, all about equally long.
    void advance(long done, long total);
}
