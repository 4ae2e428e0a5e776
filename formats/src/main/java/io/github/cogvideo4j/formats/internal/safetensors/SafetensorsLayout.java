package io.github.cogvideo4j.formats.internal.safetensors;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.CodePointOrder;
import io.github.cogvideo4j.formats.internal.JsonStrings;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsHeader.Entry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A safetensors file before it is written: its header, and where each tensor goes. With it the file can be
/// allocated at once and the tensors written in any order, several at a time.
///
/// Order and spelling are the reference implementation's: tensors by dtype (the last of [DType] first), then by
/// the UTF-8 bytes of their names; compact JSON padded with spaces to a multiple of 8. Metadata is sorted by
/// key, where the reference has a random order.
public final class SafetensorsLayout {
    private static final Comparator<TensorSpec> FILE_ORDER =
            Comparator.comparing(TensorSpec::dtype).reversed().thenComparing(TensorSpec::name, CodePointOrder.INSTANCE);
    private static final int ALIGNMENT = 8;

    private final byte[] head;
    private final List<Slot> slots;
    private final long fileSize;

    /// A tensor's place in the file.
    ///
    /// @param tensor the tensor
    /// @param offset its first byte, counted from the start of the file
    /// @param length its bytes
    public record Slot(TensorSpec tensor, long offset, long length) {}

    private SafetensorsLayout(byte[] head, List<Slot> slots, long fileSize) {
        this.head = head;
        this.slots = slots;
        this.fileSize = fileSize;
    }

    /// Lays out a file.
    ///
    /// @param tensors  the tensors, in any order
    /// @param metadata the `__metadata__`; none is written when it is empty
    /// @throws UnsupportedFileException `unsupported-tensor` for a dtype that safetensors has no name for
    /// @throws MalformedFileException `st-duplicate-key`, `st-header` or `st-offsets` when the tensors cannot
    /// make a valid file
    public static SafetensorsLayout of(Collection<TensorSpec> tensors, Map<String, String> metadata) {
        SafetensorsHeader header = new SafetensorsHeader(metadata, place(tensors));
        long dataLength =
                header.entries().isEmpty() ? 0 : header.entries().getLast().end();
        header.validate(dataLength, Place.nowhere());
        byte[] head = encode(header);
        List<Slot> slots = header.entries().stream()
                .map(entry -> new Slot(entry.tensor(), head.length + entry.begin(), entry.end() - entry.begin()))
                .toList();
        return new SafetensorsLayout(head, slots, Math.addExact(head.length, dataLength));
    }

    /// The file's first bytes: the header with its length before it.
    public ByteBuffer head() {
        return ByteBuffer.wrap(head).asReadOnlyBuffer();
    }

    /// Where each tensor goes, in the order of the file.
    public List<Slot> slots() {
        return slots;
    }

    /// The size of the whole file in bytes.
    public long fileSize() {
        return fileSize;
    }

    private static List<Entry> place(Collection<TensorSpec> tensors) {
        List<Entry> entries = new ArrayList<>(tensors.size());
        long position = 0;
        for (TensorSpec tensor : tensors.stream().sorted(FILE_ORDER).toList()) {
            Place place = Place.nowhere().tensor(tensor.name());
            if (tensor.dtype() == DType.C128) {
                throw new UnsupportedFileException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        place,
                        "formats.safetensors.no-such-dtype",
                        tensor.dtype().torchName());
            }
            if (tensor.name().equals(SafetensorsHeader.METADATA_KEY)) {
                throw new MalformedFileException(ProblemCode.ST_HEADER, place, "formats.safetensors.reserved-name");
            }
            long length = SafetensorsHeader.bits(tensor.dtype(), tensor.shape()).orElse(0) / 8;
            if (length > Long.MAX_VALUE / 2 - position) {
                throw new MalformedFileException(
                        ProblemCode.ST_OFFSETS, place, "formats.safetensors.overflow", tensor.shape());
            }
            entries.add(new Entry(tensor, position, position + length));
            position += length;
        }
        refuseDuplicates(entries);
        return entries;
    }

    private static void refuseDuplicates(List<Entry> entries) {
        Map<String, Long> counts = entries.stream()
                .collect(Collectors.groupingBy(entry -> entry.tensor().name(), Collectors.counting()));
        counts.forEach((name, count) -> {
            if (count > 1) {
                throw new MalformedFileException(
                        ProblemCode.ST_DUPLICATE_KEY,
                        Place.nowhere().tensor(name),
                        "formats.safetensors.duplicate-differs");
            }
        });
    }

    private static byte[] encode(SafetensorsHeader header) {
        StringBuilder json = new StringBuilder("{");
        if (!header.metadata().isEmpty()) {
            appendMetadata(json, header.metadata());
        }
        for (Entry entry : header.entries()) {
            if (json.length() > 1) {
                json.append(',');
            }
            append(json, entry);
            requireShort(json.length());
        }
        ByteBuffer utf8 = utf8(json.append('}'));
        int length = Math.ceilDiv(utf8.remaining(), ALIGNMENT) * ALIGNMENT;
        requireShort(length);
        ByteBuffer head = ByteBuffer.allocate(Long.BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(length).put(utf8);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        return head.array();
    }

    private static void appendMetadata(StringBuilder json, Map<String, String> metadata) {
        JsonStrings.UTF_8.append(json, SafetensorsHeader.METADATA_KEY);
        json.append(":{");
        JsonStrings.UTF_8.appendMembers(json, metadata, "");
        json.append('}');
    }

    private static void append(StringBuilder json, Entry entry) {
        TensorSpec tensor = entry.tensor();
        JsonStrings.UTF_8.append(json, tensor.name());
        json.append(":{\"dtype\":\"").append(tensor.dtype().name()).append("\",\"shape\":");
        json.append(sizes(tensor.shape()));
        json.append(",\"data_offsets\":[")
                .append(entry.begin())
                .append(',')
                .append(entry.end())
                .append("]}");
    }

    private static String sizes(Shape shape) {
        return shape.sizes().stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
    }

    private static ByteBuffer utf8(StringBuilder json) {
        try {
            return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json));
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(ProblemCode.ST_HEADER, Place.nowhere(), "formats.safetensors.unwritable");
        }
    }

    private static void requireShort(int length) {
        if (length > SafetensorsHeader.LONGEST) {
            throw new MalformedFileException(
                    ProblemCode.ST_HEADER,
                    Place.nowhere(),
                    "formats.safetensors.header-too-large",
                    length,
                    SafetensorsHeader.LONGEST);
        }
    }
}
