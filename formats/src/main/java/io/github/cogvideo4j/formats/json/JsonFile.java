package io.github.cogvideo4j.formats.json;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.JsonStrings;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The small JSON files of a model folder, read and written: configurations, manifests, journals.
///
/// A file is read only when it is no larger than the caller allows; nesting, number and string lengths are
/// bounded; a duplicate key and anything after the end of the value are errors.
public final class JsonFile {
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(64)
                            .maxNumberLength(400)
                            .maxStringLength(8 << 20)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonFile() {}

    /// Reads a JSON object.
    ///
    /// @param file     the file
    /// @param maxBytes the largest size that is read
    /// @param code     the problem to report when the file is no JSON object
    /// @throws MalformedFileException with that code, for anything else than one JSON object
    public static ObjectNode readObject(Path file, long maxBytes, ProblemCode code) throws IOException {
        byte[] bytes = read(file, maxBytes, code);
        try {
            return object(MAPPER.readTree(bytes), Place.of(file), code);
        } catch (JacksonException e) {
            long offset = e.getLocation() == null ? -1 : e.getLocation().getByteOffset();
            Place place = offset < 0 ? Place.of(file) : Place.at(file, offset);
            throw new MalformedFileException(code, place, "formats.json-file.syntax", e.getOriginalMessage());
        }
    }

    /// Parses a JSON object that is a text inside a file, within the same limits.
    ///
    /// @param text  the JSON
    /// @param place where it is, for messages
    /// @param code  the problem to report when it is no JSON object
    /// @throws MalformedFileException with that code, for anything else than one JSON object
    public static ObjectNode parseObject(String text, Place place, ProblemCode code) {
        try {
            return object(MAPPER.readTree(text), place, code);
        } catch (JacksonException e) {
            throw new MalformedFileException(code, place, "formats.json-file.syntax", e.getOriginalMessage());
        }
    }

    private static ObjectNode object(JsonNode node, Place place, ProblemCode code) {
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new MalformedFileException(code, place, "formats.json-file.no-object");
    }

    private static byte[] read(Path file, long maxBytes, ProblemCode code) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            long size = channel.size();
            if (size > maxBytes) {
                throw new MalformedFileException(code, Place.of(file), "formats.json-file.too-large", size, maxBytes);
            }
            ByteBuffer bytes = RegularFile.read(channel, 0, ByteBuffer.allocate(Math.toIntExact(size)));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        }
    }

    /// An empty object to fill.
    public static ObjectNode newObject() {
        return MAPPER.createObjectNode();
    }

    /// The text of a JSON value as Python's `json.dumps(value, indent=2, ensure_ascii=False)` lays it out,
    /// with a newline at the end.
    public static String format(JsonNode value) {
        return JsonText.of(value, JsonStrings.UTF_8, false);
    }

    /// The text of a JSON value as Python's `json.dumps(value, indent=2, sort_keys=True)` forms it, with a
    /// newline at the end: what diffusers writes.
    public static String formatSorted(JsonNode value) {
        return JsonText.of(value, JsonStrings.ASCII, true);
    }
}
