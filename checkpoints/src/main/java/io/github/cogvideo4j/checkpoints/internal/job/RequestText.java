package io.github.cogvideo4j.checkpoints.internal.job;

import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// Pieces of the JSON form that several requests share.
public final class RequestText {
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
