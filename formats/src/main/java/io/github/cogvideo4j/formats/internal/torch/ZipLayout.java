package io.github.cogvideo4j.formats.internal.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// The layout of records in a ZIP as torch's writer places them: stored, aligned by an extra field `FB` full of
/// `Z`, sizes and checksum behind the data, no dates, and ZIP64 records at the end always.
///
/// Source: files of torch 2.13, also beyond 4 GiB; `caffe2/serialize/inline_container.cc` and its copy of
/// miniz.
final class ZipLayout {
    static final int ALIGNMENT = 64;
    private static final int LOCAL_SIZE = 30;
    private static final int ENTRY_SIZE = 46;
    private static final int LOCAL_SIGNATURE = 0x04034b50;
    private static final int DESCRIPTOR_SIGNATURE = 0x08074b50;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int FLAG_UTF8 = 0x0800;
    private static final int FLAG_DESCRIPTOR = 0x0008;
    private static final int ZIP64_EXTRA = 0x0001;
    private static final int ALIGNING_EXTRA = 'F' | ('B' << 8);
    private static final long SATURATED = 0xffffffffL;

    /// A record's place.
    ///
    /// @param name         its name below the root
    /// @param size         its bytes
    /// @param headerOffset where its local header starts
    /// @param dataOffset   where its bytes start
    record Entry(String name, long size, long headerOffset, long dataOffset) {
        boolean longSize() {
            return size >= SATURATED;
        }

        boolean longOffset() {
            return headerOffset >= SATURATED;
        }

        boolean zip64() {
            return longSize() || longOffset();
        }

        /// Bytes of the ZIP64 extra field with its own head.
        int zip64Size() {
            return zip64() ? 4 + (longSize() ? 16 : 0) + (longOffset() ? 8 : 0) : 0;
        }

        /// An empty record has no descriptor.
        int descriptorSize() {
            if (size == 0) {
                return 0;
            }
            return zip64() ? 24 : 16;
        }

        int flags() {
            return size == 0 ? FLAG_UTF8 : FLAG_UTF8 | FLAG_DESCRIPTOR;
        }

        long end() {
            return dataOffset + size + descriptorSize();
        }
    }

    private final String prefix;
    private final List<Entry> entries = new ArrayList<>();

    ZipLayout(String prefix) {
        this.prefix = prefix;
    }

    Entry add(String name, long size) {
        long headerOffset = directoryOffset();
        Entry unplaced = new Entry(name, size, headerOffset, 0);
        long unaligned = headerOffset + LOCAL_SIZE + fullName(unplaced).length + unplaced.zip64Size() + 4;
        Entry entry = new Entry(name, size, headerOffset, Math.ceilDiv(unaligned, ALIGNMENT) * ALIGNMENT);
        entries.add(entry);
        return entry;
    }

    List<Entry> entries() {
        return Collections.unmodifiableList(entries);
    }

    long fileSize() {
        return directoryOffset() + directorySize() + ZipEnd.ZIP64_SIZE + ZipEnd.LOCATOR_SIZE + ZipEnd.SIZE;
    }

    /// Local headers, descriptors and everything behind the last record.
    List<ArchiveLayout.Piece> structure(Map<Entry, Long> crcs) {
        List<ArchiveLayout.Piece> pieces = new ArrayList<>();
        for (Entry entry : entries) {
            pieces.add(new ArchiveLayout.Piece(entry.headerOffset(), localHeader(entry)));
            if (entry.descriptorSize() > 0) {
                pieces.add(new ArchiveLayout.Piece(
                        entry.dataOffset() + entry.size(), descriptor(entry, crc(crcs, entry))));
            }
        }
        pieces.add(new ArchiveLayout.Piece(directoryOffset(), end(crcs)));
        return pieces;
    }

    private long directoryOffset() {
        return entries.isEmpty() ? 0 : entries.getLast().end();
    }

    private int directorySize() {
        return entries.stream()
                .mapToInt(entry -> ENTRY_SIZE + fullName(entry).length + entry.zip64Size())
                .sum();
    }

    private static int crc(Map<Entry, Long> crcs, Entry entry) {
        return (int) (long) crcs.getOrDefault(entry, 0L);
    }

    private ByteBuffer localHeader(Entry entry) {
        byte[] name = fullName(entry);
        int extra = (int) (entry.dataOffset() - entry.headerOffset()) - LOCAL_SIZE - name.length;
        ByteBuffer header = buffer((int) (entry.dataOffset() - entry.headerOffset()));
        header.putInt(LOCAL_SIGNATURE).putShort((short) 0).putShort((short) entry.flags());
        // Method, time, date, checksum and sizes: all zero.
        header.position(26);
        header.putShort((short) name.length).putShort((short) extra).put(name);
        putZip64(header, entry, 0);
        header.putShort((short) ALIGNING_EXTRA).putShort((short) (extra - entry.zip64Size() - 4));
        while (header.hasRemaining()) {
            header.put((byte) 'Z');
        }
        return header.flip();
    }

    /// Size, compressed size and offset, as far as they are long. The local header leaves the compressed size
    /// out.
    private static void putZip64(ByteBuffer buffer, Entry entry, long compressedSize) {
        if (!entry.zip64()) {
            return;
        }
        buffer.putShort((short) ZIP64_EXTRA).putShort((short) (entry.zip64Size() - 4));
        if (entry.longSize()) {
            buffer.putLong(entry.size()).putLong(compressedSize);
        }
        if (entry.longOffset()) {
            buffer.putLong(entry.headerOffset());
        }
    }

    private static ByteBuffer descriptor(Entry entry, int crc) {
        ByteBuffer descriptor =
                buffer(entry.descriptorSize()).putInt(DESCRIPTOR_SIGNATURE).putInt(crc);
        if (entry.zip64()) {
            descriptor.putLong(entry.size()).putLong(entry.size());
        } else {
            descriptor.putInt((int) entry.size()).putInt((int) entry.size());
        }
        return descriptor.flip();
    }

    private ByteBuffer end(Map<Entry, Long> crcs) {
        ByteBuffer end = buffer((int) (fileSize() - directoryOffset()));
        for (Entry entry : entries) {
            putDirectoryEntry(end, entry, crc(crcs, entry));
        }
        long directoryOffset = directoryOffset();
        long zip64Offset = directoryOffset + directorySize();
        int classicCount = Math.min(entries.size(), 0xffff);
        end.putInt(ZipEnd.ZIP64_SIGNATURE).putLong(ZipEnd.ZIP64_SIZE - 12);
        // Made by version 3.0 on Unix, needs version 4.5; both disks 0.
        end.putShort((short) 0x031e).putShort((short) 45).putLong(0);
        end.putLong(entries.size())
                .putLong(entries.size())
                .putLong(directorySize())
                .putLong(directoryOffset);
        end.putInt(ZipEnd.LOCATOR_SIGNATURE).putInt(0).putLong(zip64Offset).putInt(1);
        end.putInt(ZipEnd.SIGNATURE).putInt(0).putShort((short) classicCount).putShort((short) classicCount);
        end.putInt(directorySize()).putInt(saturated(directoryOffset)).putShort((short) 0);
        return end.flip();
    }

    private void putDirectoryEntry(ByteBuffer end, Entry entry, int crc) {
        byte[] name = fullName(entry);
        end.putInt(ENTRY_SIGNATURE).putShort((short) 0).putShort((short) 0).putShort((short) entry.flags());
        // Method, time and date.
        end.putShort((short) 0).putInt(0).putInt(crc);
        end.putInt(saturated(entry.size())).putInt(saturated(entry.size()));
        end.putShort((short) name.length).putShort((short) entry.zip64Size());
        // No comment, disk 0, no attributes.
        end.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
        end.putInt(saturated(entry.headerOffset())).put(name);
        putZip64(end, entry, entry.size());
    }

    private static int saturated(long value) {
        return (int) Math.min(value, SATURATED);
    }

    private byte[] fullName(Entry entry) {
        return (prefix + entry.name()).getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
