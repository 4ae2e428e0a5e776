package io.github.cogvideo4j.formats.internal.torch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/// A torch ZIP before it is written: where each storage goes, and everything around the storages. With it the
/// file can be allocated at once and the storages written in any order, several at a time; the rest needs their
/// checksums and is written last.
///
/// The records are those that torch 2.13 writes on Linux, in its order: `data.pkl`, `.format_version`,
/// `.storage_alignment`, `byteorder`, `data/0`, `data/1`, ..., `version`, `.data/serialization_id`.
public final class ArchiveLayout {
    private static final String FORMAT_VERSION = "1";
    private static final String VERSION = "3\n";

    /// Bytes that belong between or behind the storages.
    ///
    /// @param offset where they go in the file
    /// @param bytes  the bytes
    public record Piece(long offset, ByteBuffer bytes) {}

    private final ZipLayout zip;
    private final Map<ZipLayout.Entry, byte[]> contents = new LinkedHashMap<>();
    private final List<ZipLayout.Entry> storages = new ArrayList<>();
    private final ZipLayout.Entry serializationId;

    private ArchiveLayout(String root, byte[] pickle, List<Long> storageSizes) {
        zip = new ZipLayout(root + "/");
        add("data.pkl", pickle);
        add(".format_version", ascii(FORMAT_VERSION));
        add(".storage_alignment", ascii(Integer.toString(ZipLayout.ALIGNMENT)));
        add("byteorder", ascii("little"));
        for (long size : storageSizes) {
            storages.add(zip.add("data/" + storages.size(), size));
        }
        add("version", ascii(VERSION));
        serializationId = zip.add(".data/serialization_id", SerializationId.LENGTH);
    }

    /// Lays out a file.
    ///
    /// @param fileName     the file's name, whose stem torch puts before every record
    /// @param pickle       the pickle, which names storages by their number
    /// @param storageSizes the bytes of each storage, by number
    public static ArchiveLayout of(String fileName, byte[] pickle, List<Long> storageSizes) {
        return new ArchiveLayout(root(fileName), pickle, storageSizes);
    }

    /// The first byte of each storage, counted from the start of the file.
    public List<Long> storageOffsets() {
        return storages.stream().map(ZipLayout.Entry::dataOffset).toList();
    }

    /// The size of the whole file in bytes.
    public long fileSize() {
        return zip.fileSize();
    }

    /// Everything but the storages, in the order of the file.
    ///
    /// @param checksums the CRC-32 of each storage, by number
    public List<Piece> structure(List<Long> checksums) {
        Map<ZipLayout.Entry, Long> crcs = new HashMap<>();
        contents.forEach((entry, bytes) -> crcs.put(entry, crc32(bytes)));
        for (int i = 0; i < storages.size(); i++) {
            crcs.put(storages.get(i), checksums.get(i));
        }
        SerializationId id = new SerializationId();
        zip.entries().stream()
                .filter(entry -> !entry.equals(serializationId))
                .forEach(entry -> id.add(entry.name(), entry.size(), crcs.getOrDefault(entry, 0L)));
        byte[] idBytes = ascii(id.value());
        crcs.put(serializationId, crc32(idBytes));

        List<Piece> pieces = new ArrayList<>(zip.structure(crcs));
        contents.forEach((entry, bytes) -> pieces.add(new Piece(entry.dataOffset(), ByteBuffer.wrap(bytes))));
        pieces.add(new Piece(serializationId.dataOffset(), ByteBuffer.wrap(idBytes)));
        pieces.sort(Comparator.comparingLong(Piece::offset));
        return pieces;
    }

    private void add(String name, byte[] bytes) {
        contents.put(zip.add(name, bytes.length), bytes);
    }

    /// What torch's writer takes from a path: the name up to its last dot, or `archive` for what is not ASCII.
    private static String root(String fileName) {
        if (!StandardCharsets.US_ASCII.newEncoder().canEncode(fileName)) {
            return "archive";
        }
        int dot = fileName.lastIndexOf('.');
        return dot < 0 ? fileName : fileName.substring(0, dot);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static long crc32(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
