package io.github.cogvideo4j.formats.internal.safetensors;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// The contents of a safetensors header.
///
/// @param metadata the `__metadata__` map, in the file's order
/// @param entries  the tensors, in the order of their data
public record SafetensorsHeader(Map<String, String> metadata, List<Entry> entries) {
    /// The key that holds the metadata, and so cannot name a tensor.
    public static final String METADATA_KEY = "__metadata__";

    /// The longest header that readers accept, in bytes. Source: `MAX_HEADER_SIZE` of the reference
    /// implementation.
    public static final long LONGEST = 100_000_000;

    /// The longest header that the Hugging Face hub's own parser reads, in bytes.
    public static final long LONGEST_ON_HUB = 25_000_000;

    private static final Comparator<Entry> BY_POSITION =
            Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end);

    /// A tensor and where its bytes lie.
    ///
    /// @param tensor the tensor
    /// @param begin  its first byte, counted from the start of the data section
    /// @param end    the byte after its last
    public record Entry(TensorSpec tensor, long begin, long end) {}

    /// Copies, and sorts the tensors by position.
    public SafetensorsHeader {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        entries = entries.stream().sorted(BY_POSITION).toList();
    }

    /// Checks that the tensors cover the data section from its first byte to its last, without holes and
    /// overlaps, and that each has the bytes which its shape and dtype need.
    ///
    /// @param dataLength the length of the data section in bytes
    /// @param file       where the header is, for messages
    /// @throws MalformedFileException `st-offsets`, or `truncated` when only the end of the data is absent
    public void validate(long dataLength, Place file) {
        long covered = 0;
        for (Entry entry : entries) {
            Place place = file.tensor(entry.tensor().name());
            checkPosition(entry, covered, place);
            checkSize(entry, place);
            covered = entry.end();
        }
        if (covered > dataLength) {
            throw new MalformedFileException(
                    ProblemCode.TRUNCATED, file, "formats.safetensors.truncated", covered, dataLength);
        }
        if (covered < dataLength) {
            throw new MalformedFileException(
                    ProblemCode.ST_OFFSETS, file, "formats.safetensors.trailing", dataLength - covered);
        }
    }

    private static void checkPosition(Entry entry, long covered, Place place) {
        if (entry.begin() > entry.end()) {
            throw offsets(place, "formats.safetensors.reversed", entry.begin(), entry.end());
        }
        if (entry.begin() > covered) {
            throw offsets(place, "formats.safetensors.hole", entry.begin() - covered, entry.begin());
        }
        if (entry.begin() < covered) {
            throw offsets(place, "formats.safetensors.overlap", entry.begin(), covered);
        }
    }

    private static void checkSize(Entry entry, Place place) {
        TensorSpec tensor = entry.tensor();
        long bits = bits(tensor.dtype(), tensor.shape())
                .orElseThrow(() -> offsets(place, "formats.safetensors.overflow", tensor.shape()));
        if (bits % 8 != 0) {
            throw offsets(place, "formats.safetensors.misaligned", tensor.dtype(), tensor.shape());
        }
        if (bits / 8 != entry.end() - entry.begin()) {
            throw offsets(
                    place,
                    "formats.safetensors.size",
                    tensor.dtype(),
                    tensor.shape(),
                    bits / 8,
                    entry.end() - entry.begin());
        }
    }

    /// The bits of a tensor, empty when their number leaves 63 bits.
    static OptionalLong bits(DType dtype, Shape shape) {
        OptionalLong elements = shape.checkedNumel();
        return elements.isPresent() && elements.getAsLong() <= Long.MAX_VALUE / dtype.bits()
                ? OptionalLong.of(elements.getAsLong() * dtype.bits())
                : OptionalLong.empty();
    }

    private static MalformedFileException offsets(Place place, String key, Object... arguments) {
        return new MalformedFileException(ProblemCode.ST_OFFSETS, place, key, arguments);
    }
}
