package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// The contents of a ZIP's small records, read whole: inflated, and checked against the recorded checksum.
final class ZipContents {
    private ZipContents() {}

    /// A record's bytes.
    ///
    /// @param largest the most bytes that are taken into memory
    static ByteBuffer read(FileWindow window, ZipRecord record, long largest) throws IOException {
        if (record.size() > largest || record.compressedSize() > largest) {
            throw new UnsafeFileException(
                    ProblemCode.PICKLE_LIMIT,
                    window.at(record.headerOffset()),
                    "formats.torch.zip-record-size",
                    record.name(),
                    record.size(),
                    largest);
        }
        ByteBuffer raw = window.read(record.dataOffset(), record.compressedSize());
        ByteBuffer bytes = record.deflated() ? inflate(window, record, raw) : raw;
        CRC32 crc = new CRC32();
        crc.update(bytes.duplicate());
        if (crc.getValue() != record.crc32()) {
            throw new MalformedFileException(
                    ProblemCode.BAD_CRC, window.at(record.dataOffset()), "formats.torch.bad-crc", record.name());
        }
        return bytes;
    }

    /// What remains in a buffer, as text; bytes that are none are replaced.
    static String text(ByteBuffer bytes, Charset charset) {
        byte[] encoded = new byte[bytes.remaining()];
        bytes.get(bytes.position(), encoded);
        return new String(encoded, charset);
    }

    private static ByteBuffer inflate(FileWindow window, ZipRecord record, ByteBuffer raw) {
        ByteBuffer inflated = ByteBuffer.allocate((int) record.size());
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(raw);
            while (inflated.hasRemaining() && inflater.inflate(inflated) > 0) {
                // Each call goes on where the last one stopped.
            }
        } catch (DataFormatException e) {
            throw ZipEnd.structure(window, record.dataOffset(), "formats.torch.zip-deflate", record.name());
        }
        if (inflated.hasRemaining()) {
            throw ZipEnd.structure(window, record.dataOffset(), "formats.torch.zip-deflate", record.name());
        }
        return inflated.flip();
    }
}
