package io.github.cogvideo4j.checkpoints;

import io.github.cogvideo4j.formats.internal.torch.ArchiveLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/// Small files of `torch.save`, whole in memory.
public final class TinyTorchFile {
    private TinyTorchFile() {}

    /// A file's bytes.
    ///
    /// @param name     its name
    /// @param pickle   what it holds
    /// @param storages the bytes of each storage, by number
    public static byte[] of(String name, byte[] pickle, List<byte[]> storages) {
        ArchiveLayout layout = ArchiveLayout.of(
                name,
                pickle,
                storages.stream().map(bytes -> (long) bytes.length).toList());
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(layout.fileSize()));
        List<Long> checksums = new ArrayList<>();
        for (byte[] bytes : storages) {
            file.put(Math.toIntExact(layout.storageOffsets().get(checksums.size())), bytes);
            CRC32 crc = new CRC32();
            crc.update(bytes);
            checksums.add(crc.getValue());
        }
        for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
            file.put(
                    Math.toIntExact(piece.offset()),
                    piece.bytes(),
                    0,
                    piece.bytes().remaining());
        }
        return file.array();
    }
}
