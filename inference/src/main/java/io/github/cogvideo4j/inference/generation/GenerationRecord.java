package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.checkpoints.Version;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/// The record beside a video: the request that makes this one video again, with every default filled in, and
/// what the model and the input were. Where results go is never taken from a record.
///
/// Format 2 holds the request as [RequestJson] writes it. Format 1, of earlier versions, holds words of a
/// command line and is read as well.
///
/// @param request  what makes the video again; its outputs are the usual ones
/// @param identity what the model and the input were: hashes, or sizes
public record GenerationRecord(GenerationRequest request, ObjectNode identity) {
    private static final int FORMAT = 2;
    private static final long LARGEST = 1L << 20;

    /// The record's text.
    ///
    /// @param video the video that it lies beside
    public String text(GeneratedVideo video) {
        ObjectNode root = JsonFile.newObject();
        root.put("format", FORMAT);
        root.put("software", "cogvideo4j " + Version.current());
        root.put("java", Runtime.version().toString());
        root.set("request", RequestJson.writeWithoutOutputs(request));
        root.set("identity", identity);
        root.set("outcome", video.json());
        return JsonFile.format(root);
    }

    /// Reads a record, whose content is not trusted.
    ///
    /// @throws MalformedFileException `request` when it is none, or has a field that may not come from a file
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException `request` when a value of format 1 is wrong
    public static GenerationRecord read(Path file) throws IOException {
        ObjectNode root = JsonFile.readObject(file, LARGEST, ProblemCode.REQUEST);
        ObjectNode identity = root.path("identity") instanceof ObjectNode object ? object : JsonFile.newObject();
        GenerationRequest request = switch (root.path("format").asInt(0)) {
            case 1 -> new FormatOne(root, file).request();
            case FORMAT -> {
                if (root.path("request") instanceof ObjectNode object) {
                    yield RequestJson.readWithoutOutputs(object, Place.of(file));
                }
                throw bad(file, "request");
            }
            default -> throw bad(file, "format");
        };
        return new GenerationRecord(request, identity);
    }

    /// What has changed in the model or the input: names of the identity's fields. They are compared
    /// as they are written: a number that was read is of another type than the one it came from.
    public List<String> differences(ObjectNode now) {
        return identity.propertyNames().stream()
                .filter(name ->
                        !identity.path(name).toString().equals(now.path(name).toString()))
                .toList();
    }

    private static MalformedFileException bad(Path file, String field) {
        return new MalformedFileException(ProblemCode.REQUEST, Place.of(file), "inference.request.field", field);
    }
}
