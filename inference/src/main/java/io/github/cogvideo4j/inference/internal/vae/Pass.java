package io.github.cogvideo4j.inference.internal.vae;

/// A video's way through a coder: what its chunks share.
///
/// @param caches    what the convolutions remember from one chunk to the next
/// @param workspace the memory that the steps work in
/// @param probe     sees the stages of each chunk
record Pass(ConvCaches caches, Workspace workspace, VaeProbe probe) implements AutoCloseable {
    /// The way of a new video.
    Pass(VaeProbe probe) {
        this(new ConvCaches(), new Workspace(), probe);
    }

    @Override
    public void close() {
        caches.close();
        workspace.close();
    }
}
