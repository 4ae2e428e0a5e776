package io.github.cogvideo4j.checkpoints.internal.job;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Pieces of the JSON form that several requests share.
public final class RequestText {
    private static final int MOST_THREADS = 4096;

    private RequestText() {}

    /// The beginning of a request.
    public static ObjectNode begin(String job, int version) {
        ObjectNode json = JsonFile.newObject();
        json.put("job", job);
        json.put("version", version);
        return json;
    }

    /// Writes a flag that is set.
    public static void flag(ObjectNode json, String name, boolean value) {
        if (value) {
            json.put(name, true);
        }
    }

    /// Writes a value that is there, as its `toString()` says it.
    public static void text(ObjectNode json, String name, Optional<?> value) {
        value.ifPresent(present -> json.put(name, present.toString()));
    }

    /// Writes paths, each as an object; nothing when there are none.
    public static void paths(ObjectNode json, String name, List<Path> paths) {
        if (!paths.isEmpty()) {
            ArrayNode list = json.putArray(name);
            paths.forEach(path -> list.addObject().put("path", path.toString()));
        }
    }

    /// Reads what [#paths(ObjectNode, String, List)] wrote.
    public static List<Path> paths(RequestFields fields, String name) {
        List<Path> paths = new ArrayList<>();
        for (RequestFields object : fields.objects(name)) {
            paths.add(object.requiredPath("path"));
            object.end();
        }
        return paths;
    }

    /// Refuses a field that means something only beside another.
    ///
    /// @param given      whether the field is given
    /// @param name       the field
    /// @param otherGiven whether the field that it needs is given
    /// @param other      that field
    public static void requireBeside(boolean given, String name, boolean otherGiven, String other) {
        if (given && !otherGiven) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.needs", name, other);
        }
    }

    /// Refuses two fields that contradict each other.
    public static void requireOne(boolean given, String name, boolean otherGiven, String other) {
        if (given && otherGiven) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.both", name, other);
        }
    }

    /// As many threads as this machine runs at once.
    public static int usualThreads() {
        return Runtime.getRuntime().availableProcessors();
    }

    /// Writes a number of threads that is not the usual one.
    public static void threads(ObjectNode json, int threads) {
        if (threads != usualThreads()) {
            json.put("threads", threads);
        }
    }

    /// Reads a number of threads, at most 4,096.
    public static int threads(RequestFields fields) {
        return fields.whole("threads", 1, MOST_THREADS).orElse(usualThreads());
    }

    /// Writes which of a checkpoint's weights are meant.
    public static void options(ObjectNode json, SourceOptions options) {
        text(json, "tag", options.tag());
        flag(json, "from_module", options.fromModule());
        flag(json, "exclude_frozen_parameters", options.excludeFrozen());
        flag(json, "average", options.average());
        flag(json, "strict", options.strictness() == Strictness.STRICT);
    }

    /// Reads which of a checkpoint's weights are meant.
    public static SourceOptions options(RequestFields fields) {
        return new SourceOptions(
                fields.text("tag"),
                fields.flag("from_module"),
                fields.flag("exclude_frozen_parameters"),
                fields.flag("average"),
                fields.flag("strict") ? Strictness.STRICT : Strictness.LENIENT);
    }
}
