package io.github.cogvideo4j.formats.attacks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/// Writes archives of stored records, and lets them lie.
final class ZipWriter {
    static final int LOCAL = 30;
    private static final int CENTRAL = 46;

    private final ByteArrayOutputStream records = new ByteArrayOutputStream();
    private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
    private int entries;

    /// Adds an honest record.
    ///
    /// @return where its local header is
    int add(String name, String data) {
        return addAs(name, name, data);
    }

    /// Adds a record that the directory lists under another name than its local header has.
    int addAs(String listed, String name, String data) {
        int offset = records.size();
        records.writeBytes(local(name, data.length(), data));
        list(listed, data.length(), data, offset);
        return offset;
    }

    /// Adds a record whose directory entry has ZIP64 values for size, compressed size and header offset.
    void addZip64(String name, String data, long[] sizes) {
        records.writeBytes(local(name, -1, data));
        ByteBuffer entry = central(name, data).putInt(20, -1).putInt(24, -1).putInt(42, -1);
        entry.putShort(30, (short) 28);
        ByteBuffer extra = little(28).putShort((short) 1).putShort((short) 24);
        for (long size : sizes) {
            extra.putLong(size);
        }
        directory.writeBytes(entry.array());
        directory.writeBytes(name.getBytes(ISO_8859_1));
        directory.writeBytes(extra.array());
        entries++;
    }

    /// Lists a record in the directory.
    void list(String name, int size, String data, int offset) {
        directory.writeBytes(central(name, data)
                .putInt(20, size)
                .putInt(24, size)
                .putInt(42, offset)
                .array());
        directory.writeBytes(name.getBytes(ISO_8859_1));
        entries++;
    }

    private static ByteBuffer central(String name, String data) {
        return little(CENTRAL).putInt(0, 0x02014b50).putInt(16, crc(data)).putShort(28, (short) name.length());
    }

    /// A local header with its name and data.
    static byte[] local(String name, int size, String data) {
        return little(LOCAL + name.length() + data.length())
                .putInt(0, 0x04034b50)
                .putInt(14, crc(data))
                .putInt(18, size)
                .putInt(22, size)
                .putShort(26, (short) name.length())
                .put(LOCAL, (name + data).getBytes(ISO_8859_1))
                .array();
    }

    Path write(Path file) throws IOException {
        int start = records.size();
        int size = directory.size();
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(records.toByteArray());
        whole.writeBytes(directory.toByteArray());
        whole.writeBytes(little(22)
                .putInt(0, 0x06054b50)
                .putShort(8, (short) entries)
                .putShort(10, (short) entries)
                .putInt(12, size)
                .putInt(16, start)
                .array());
        return Files.write(file, whole.toByteArray());
    }

    private static int crc(String data) {
        CRC32 crc = new CRC32();
        crc.update(data.getBytes(ISO_8859_1));
        return (int) crc.getValue();
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
