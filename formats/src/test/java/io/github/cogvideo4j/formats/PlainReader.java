package io.github.cogvideo4j.formats;

import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;

/// The plainest reader there can be, for small uncompressed little-endian files.
public final class PlainReader implements StorageReader {
    @Override
    public void read(Extent extent, TensorData.Sink sink) throws IOException {
        Storage.Plain storage = (Storage.Plain) extent.storage();
        byte[] bytes = new byte[Math.toIntExact(extent.length())];
        try (RandomAccessFile file = new RandomAccessFile(storage.file().toFile(), "r")) {
            file.seek(storage.offset() + extent.offset());
            file.readFully(bytes);
        }
        sink.accept(ByteBuffer.wrap(bytes));
    }

    @Override
    public void read(StoredTensor tensor, TensorData.Sink sink) throws IOException {
        for (Extent part : ((TensorData.Extents) tensor.data()).parts()) {
            read(part, sink);
        }
    }
}
