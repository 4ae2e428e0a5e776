package io.github.cogvideo4j.formats.tensor;

import java.io.IOException;

/// Reads tensors' bytes piece by piece, in bounded memory. Safe to use from several threads at once.
public interface StorageReader {
    /// Passes the bytes of one extent to the sink, in order, as they lie in the storage.
    void read(Extent extent, TensorData.Sink sink) throws IOException;

    /// Passes a tensor's elements to the sink: row-major, little-endian, each piece whole elements.
    void read(StoredTensor tensor, TensorData.Sink sink) throws IOException;
}
