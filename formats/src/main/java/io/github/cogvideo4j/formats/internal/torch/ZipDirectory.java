package io.github.cogvideo4j.formats.internal.torch;

import static io.github.cogvideo4j.formats.internal.torch.ZipEnd.structure;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// A ZIP's central directory, with every entry held against its local header, because tools differ in which of the
/// two they believe. Our own reader rather than the JDK's, which does not say where a record's bytes start.
///
/// Source: PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.5.3.
final class ZipDirectory {
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int ENTRY_SIZE = 46;
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int LOCAL_SIZE = 30;
    private static final int FLAG_ENCRYPTED = 0x0001;
    private static final int FLAG_DATA_DESCRIPTOR = 0x0008;
    private static final int FLAG_MASKED_HEADERS = 0x2000;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final int ZIP64_EXTRA = 0x0001;
    private static final long SATURATED = 0xffffffffL;

    private final FileWindow window;
    private final ZipEnd end;

    private ZipDirectory(FileWindow window, ZipEnd end) {
        this.window = window;
        this.end = end;
    }

    /// All records by name, in the directory's order.
    static SequencedMap<String, ZipRecord> read(FileWindow window) throws IOException {
        return new ZipDirectory(window, ZipEnd.find(window)).records();
    }

    private SequencedMap<String, ZipRecord> records() throws IOException {
        if (end.directorySize() > window.limits().directory()) {
            throw structure(window, end.directoryOffset(), "formats.torch.zip-directory-size", end.directorySize());
        }
        ByteBuffer directory = window.read(end.directoryOffset(), end.directorySize());
        SequencedMap<String, ZipRecord> records = new LinkedHashMap<>();
        while (directory.hasRemaining()) {
            ZipRecord record = entry(directory);
            if (records.put(record.name(), record) != null) {
                throw new MalformedFileException(
                        ProblemCode.ZIP_DUPLICATE,
                        window.at(record.headerOffset()),
                        "formats.torch.zip-duplicate",
                        record.name());
            }
        }
        if (records.size() != end.entries()) {
            throw structure(
                    window, end.directoryOffset(), "formats.torch.zip-entry-count", records.size(), end.entries());
        }
        checkDisjoint(records);
        return records;
    }

    private ZipRecord entry(ByteBuffer directory) throws IOException {
        long position = end.directoryOffset() + directory.position();
        if (directory.remaining() < ENTRY_SIZE || directory.getInt(directory.position()) != ENTRY_SIGNATURE) {
            throw structure(window, position, "formats.torch.zip-entry");
        }
        ByteBuffer fixed = slice(directory, ENTRY_SIZE);
        int nameLength = Short.toUnsignedInt(fixed.getShort(28));
        int extraLength = Short.toUnsignedInt(fixed.getShort(30));
        int commentLength = Short.toUnsignedInt(fixed.getShort(32));
        if (directory.remaining() < nameLength + extraLength + commentLength) {
            throw structure(window, position, "formats.torch.zip-entry");
        }
        ByteBuffer rawName = slice(directory, nameLength);
        String name = ZipContents.text(rawName, StandardCharsets.UTF_8);
        ByteBuffer extra = slice(directory, extraLength);
        slice(directory, commentLength);

        int flags = Short.toUnsignedInt(fixed.getShort(8));
        int method = Short.toUnsignedInt(fixed.getShort(10));
        if ((flags & (FLAG_ENCRYPTED | FLAG_MASKED_HEADERS)) != 0) {
            throw structure(window, position, "formats.torch.zip-encrypted", name);
        }
        if (method != STORED && method != DEFLATED) {
            throw structure(window, position, "formats.torch.zip-method", name, method);
        }
        long[] sizes = {
            Integer.toUnsignedLong(fixed.getInt(24)),
            Integer.toUnsignedLong(fixed.getInt(20)),
            Integer.toUnsignedLong(fixed.getInt(42))
        };
        applyZip64(sizes, extra, position);
        ZipRecord unlocated = new ZipRecord(
                name, method == DEFLATED, Integer.toUnsignedLong(fixed.getInt(16)), sizes[1], sizes[0], sizes[2], 0);
        return locate(unlocated, rawName, method);
    }

    /// Replaces the saturated ones of size, compressed size and header offset, in this order, by 64-bit values.
    private void applyZip64(long[] sizes, ByteBuffer extra, long position) {
        while (extra.remaining() >= 4) {
            int id = Short.toUnsignedInt(extra.getShort());
            int length = Short.toUnsignedInt(extra.getShort());
            if (length > extra.remaining()) {
                throw structure(window, position, "formats.torch.zip-entry");
            }
            ByteBuffer field = slice(extra, length);
            if (id != ZIP64_EXTRA) {
                continue;
            }
            for (int i = 0; i < sizes.length; i++) {
                if (sizes[i] == SATURATED) {
                    if (field.remaining() < Long.BYTES) {
                        throw structure(window, position, "formats.torch.zip-entry");
                    }
                    sizes[i] = field.getLong();
                }
            }
        }
    }

    /// Finds the record's bytes through its local header.
    private ZipRecord locate(ZipRecord entry, ByteBuffer rawName, int method) throws IOException {
        long offset = entry.headerOffset();
        if (entry.size() < 0
                || entry.compressedSize() < 0
                || offset < 0
                || offset > end.directoryOffset() - LOCAL_SIZE - rawName.remaining()) {
            throw structure(window, end.directoryOffset(), "formats.torch.zip-bounds", entry.name());
        }
        ByteBuffer header = window.read(offset, LOCAL_SIZE + rawName.remaining());
        int flags = Short.toUnsignedInt(header.getShort(6));
        boolean described = (flags & FLAG_DATA_DESCRIPTOR) != 0;
        boolean agrees = header.getInt(0) == LOCAL_SIGNATURE
                && (flags & (FLAG_ENCRYPTED | FLAG_MASKED_HEADERS)) == 0
                && Short.toUnsignedInt(header.getShort(8)) == method
                && Short.toUnsignedInt(header.getShort(26)) == rawName.remaining()
                && header.slice(LOCAL_SIZE, rawName.remaining()).equals(rawName)
                && agrees(Integer.toUnsignedLong(header.getInt(14)), entry.crc32(), described)
                && agrees(Integer.toUnsignedLong(header.getInt(18)), entry.compressedSize(), described)
                && agrees(Integer.toUnsignedLong(header.getInt(22)), entry.size(), described);
        if (!agrees) {
            throw structure(window, offset, "formats.torch.zip-header-differs", entry.name());
        }
        long dataOffset = offset + header.limit() + Short.toUnsignedInt(header.getShort(28));
        if (dataOffset > end.directoryOffset() - entry.compressedSize()) {
            throw structure(window, offset, "formats.torch.zip-bounds", entry.name());
        }
        if (method == STORED && entry.size() != entry.compressedSize()) {
            throw structure(window, offset, "formats.torch.zip-stored-size", entry.name());
        }
        return new ZipRecord(
                entry.name(),
                entry.deflated(),
                entry.crc32(),
                entry.compressedSize(),
                entry.size(),
                offset,
                dataOffset);
    }

    /// A local header repeats the directory's value; zero when the value follows the data, saturated when it is
    /// in an extra field.
    private static boolean agrees(long local, long central, boolean described) {
        return local == central || local == SATURATED || (described && local == 0);
    }

    /// Overlapping records are how a small file claims to hold a large one.
    private void checkDisjoint(SequencedMap<String, ZipRecord> records) {
        List<ZipRecord> byOffset = new ArrayList<>(records.values());
        byOffset.sort(Comparator.comparingLong(ZipRecord::headerOffset));
        for (int i = 1; i < byOffset.size(); i++) {
            ZipRecord before = byOffset.get(i - 1);
            ZipRecord after = byOffset.get(i);
            if (before.dataOffset() + before.compressedSize() > after.headerOffset()) {
                throw structure(window, after.headerOffset(), "formats.torch.zip-overlap", before.name(), after.name());
            }
        }
    }

    private static ByteBuffer slice(ByteBuffer buffer, int length) {
        ByteBuffer part = buffer.slice(buffer.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.position(buffer.position() + length);
        return part;
    }
}
