package io.github.cogvideo4j.formats.torch;

import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/// A file of `torch.save` before it is written: where each tensor goes, and everything around the tensors. With
/// it the file can be allocated at once and the tensors written in any order, several at a time; the rest needs
/// their checksums and is written last.
///
/// The file is a dictionary of row-major tensors, each with a storage of its own, byte for byte as torch 2.13
/// writes it on Linux: `data.pkl`, `.format_version`, `.storage_alignment`, `byteorder`, `data/0`, `data/1`,
/// ..., `version`, `.data/serialization_id`.
public final class TorchLayout {
    private static final String FORMAT_VERSION = "1";
    private static final String VERSION = "3\n";

    /// A tensor to be written.
    ///
    /// @param name         its key in the dictionary
    /// @param dtype        the type of its elements
    /// @param shape        its sizes
    /// @param requiresGrad whether it says that it is being trained, as parameters do
    public record Tensor(String name, DType dtype, Shape shape, boolean requiresGrad) {}

    /// A tensor's place in the file.
    ///
    /// @param tensor the tensor
    /// @param offset its first byte, counted from the start of the file
    /// @param length its bytes
    public record Slot(Tensor tensor, long offset, long length) {}

    /// Bytes that belong between or behind the tensors.
    ///
    /// @param offset where they go in the file
    /// @param bytes  the bytes
    public record Piece(long offset, ByteBuffer bytes) {}

    private final List<Slot> slots = new ArrayList<>();
    private final ZipLayout zip;
    private final Map<ZipLayout.Entry, byte[]> contents;
    private final List<ZipLayout.Entry> storages = new ArrayList<>();
    private final ZipLayout.Entry serializationId;

    private TorchLayout(String root, List<Tensor> tensors) {
        zip = new ZipLayout(root + "/");
        contents = new LinkedHashMap<>();
        add("data.pkl", StateDictPickle.of(tensors));
        add(".format_version", ascii(FORMAT_VERSION));
        add(".storage_alignment", ascii(Integer.toString(ZipLayout.ALIGNMENT)));
        add("byteorder", ascii("little"));
        for (Tensor tensor : tensors) {
            ZipLayout.Entry entry =
                    zip.add("data/" + slots.size(), StoredTensor.byteLength(tensor.dtype(), tensor.shape()));
            storages.add(entry);
            slots.add(new Slot(tensor, entry.dataOffset(), entry.size()));
        }
        add("version", ascii(VERSION));
        serializationId = zip.add(".data/serialization_id", SerializationId.LENGTH);
    }

    /// Lays out a file.
    ///
    /// @param fileName the file's name, whose stem torch puts before every record
    /// @param tensors  the tensors, in the dictionary's order
    /// @throws UnsupportedFileException `unsupported-tensor` for a dtype that torch has no storage for
    public static TorchLayout of(String fileName, List<Tensor> tensors) {
        for (Tensor tensor : tensors) {
            if (tensor.dtype().bits() % 8 != 0 || tensor.dtype().torchName().isEmpty()) {
                throw new UnsupportedFileException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        Place.nowhere().tensor(tensor.name()),
                        "formats.torch.unwritable-dtype",
                        tensor.name(),
                        tensor.dtype());
            }
        }
        return new TorchLayout(root(fileName), tensors);
    }

    /// Where each tensor goes, in the order given.
    public List<Slot> slots() {
        return List.copyOf(slots);
    }

    /// The size of the whole file in bytes.
    public long fileSize() {
        return zip.fileSize();
    }

    /// Everything but the tensors, in the order of the file.
    ///
    /// @param checksums the CRC-32 of each tensor's bytes, by name
    public List<Piece> structure(Map<String, Long> checksums) {
        Map<ZipLayout.Entry, Long> crcs = new HashMap<>();
        contents.forEach((entry, bytes) -> crcs.put(entry, crc32(bytes)));
        for (int i = 0; i < slots.size(); i++) {
            String name = slots.get(i).tensor().name();
            Long crc = checksums.get(name);
            if (crc == null) {
                throw new IllegalArgumentException("no checksum for " + name);
            }
            crcs.put(storages.get(i), crc);
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
