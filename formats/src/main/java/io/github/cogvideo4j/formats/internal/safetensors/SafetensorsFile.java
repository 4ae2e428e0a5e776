package io.github.cogvideo4j.formats.internal.safetensors;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.JsonPull;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A safetensors file whose header has been read and checked, and whose data has not been touched.
///
/// All tensors are extents of one storage, the data section.
public final class SafetensorsFile {
    private final Path path;
    private final Map<String, String> metadata;
    private final Map<String, StoredTensor> tensors;
    private final Storage data;

    private SafetensorsFile(Path path, SafetensorsHeader header, Storage data) {
        this.path = path;
        this.metadata = header.metadata();
        this.data = data;
        Map<String, StoredTensor> byName =
                LinkedHashMap.newLinkedHashMap(header.entries().size());
        for (SafetensorsHeader.Entry entry : header.entries()) {
            TensorSpec tensor = entry.tensor();
            Extent extent = new Extent(data, entry.begin(), entry.end() - entry.begin());
            byName.put(
                    tensor.name(),
                    new StoredTensor(
                            tensor.name(), tensor.dtype(), tensor.shape(), new TensorData.Extents(List.of(extent))));
        }
        this.tensors = Collections.unmodifiableMap(byName);
    }

    /// Reads and checks the header. What the reference reader accepts although the format forbids it is a
    /// warning, or refused when strict.
    ///
    /// @param path       the file
    /// @param strictness what becomes of oddities
    /// @param warnings   where warnings go
    /// @throws io.github.cogvideo4j.formats.FormatException `truncated`, `st-header`, `st-offsets`, `st-dtype`,
    /// `st-duplicate-key`; or what the file is instead: `git-lfs-pointer`, `not-weights`, `wrong-container`
    /// @throws IOException when the disk fails or the file is absent
    public static SafetensorsFile open(Path path, Strictness strictness, Warnings warnings) throws IOException {
        try (FileChannel channel = RegularFile.open(path)) {
            ContainerKind kind = ContainerKind.of(channel);
            kind.requireWeights(path);
            Place place = Place.of(path);
            if (kind == ContainerKind.ZIP) {
                throw new UnsupportedFileException(ProblemCode.WRONG_CONTAINER, place, "formats.safetensors.is-a-zip");
            }
            if (kind == ContainerKind.TORCH_LEGACY || kind == ContainerKind.PICKLE) {
                throw new UnsupportedFileException(
                        ProblemCode.WRONG_CONTAINER, place, "formats.safetensors.is-a-pickle");
            }
            long size = channel.size();
            long headerLength = headerLength(channel, size, place);
            if (headerLength > SafetensorsHeader.LONGEST_ON_HUB) {
                warnings.report(
                        ProblemCode.ST_HEADER,
                        place,
                        "formats.safetensors.header-over-hub-limit",
                        headerLength,
                        SafetensorsHeader.LONGEST_ON_HUB);
            }
            SafetensorsHeader header = header(channel, headerLength, place.offset(Long.BYTES), strictness, warnings);
            long dataStart = Long.BYTES + headerLength;
            header.validate(size - dataStart, place);
            return new SafetensorsFile(
                    path,
                    header,
                    new Storage.Plain(
                            path, "data", dataStart, size - dataStart, ByteOrder.LITTLE_ENDIAN, OptionalLong.empty()));
        }
    }

    private static long headerLength(FileChannel channel, long size, Place place) throws IOException {
        ByteBuffer prefix = RegularFile.read(channel, 0, ByteBuffer.allocate(Long.BYTES));
        if (prefix.remaining() < Long.BYTES) {
            throw new MalformedFileException(
                    ProblemCode.TRUNCATED, place, "formats.safetensors.no-length", prefix.remaining());
        }
        long length = prefix.order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 0 || length > SafetensorsHeader.LONGEST) {
            throw new MalformedFileException(
                    ProblemCode.ST_HEADER,
                    place.offset(0),
                    "formats.safetensors.header-too-large",
                    Long.toUnsignedString(length),
                    SafetensorsHeader.LONGEST);
        }
        if (length > size - Long.BYTES) {
            throw new MalformedFileException(
                    ProblemCode.ST_HEADER,
                    place.offset(0),
                    "formats.safetensors.header-beyond-file",
                    length,
                    size - Long.BYTES);
        }
        return length;
    }

    private static SafetensorsHeader header(
            FileChannel channel, long length, Place place, Strictness strictness, Warnings warnings)
            throws IOException {
        HeaderStream stream = new HeaderStream(channel, place, Long.BYTES, length);
        try (JsonPull json = new JsonPull(stream, ProblemCode.ST_HEADER, place)) {
            SafetensorsHeader header = new HeaderParser(json, place, strictness, warnings).parse();
            if (length % 8 != 0) {
                strictness.oddity(
                        Problem.of(ProblemCode.ST_HEADER, place, "formats.safetensors.unaligned", length), warnings);
            }
            if (!stream.startsAtOnce() || !stream.isPaddedWithSpaces()) {
                strictness.oddity(
                        Problem.of(ProblemCode.ST_HEADER, place, "formats.safetensors.white-space"), warnings);
            }
            return header;
        }
    }

    /// The file.
    public Path path() {
        return path;
    }

    /// The header's `__metadata__`, in the file's order; empty when there is none.
    public Map<String, String> metadata() {
        return metadata;
    }

    /// The tensors, in the order of their data.
    public List<StoredTensor> tensors() {
        return List.copyOf(tensors.values());
    }

    /// The tensors by name, in the order of their data.
    public Map<String, StoredTensor> byName() {
        return tensors;
    }

    /// One tensor.
    public Optional<StoredTensor> tensor(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /// The data section, which all tensors are parts of.
    public Storage data() {
        return data;
    }
}
