package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.formats.problem.Message;
import java.util.ArrayList;
import java.util.List;

/// A configuration in the making: every field with where it comes from.
final class DerivedFields {
    private final List<ConfigDerivation.Value> values = new ArrayList<>();
    private ConfigDocument document;

    DerivedFields(String className) {
        document = ConfigDocument.empty().with("_class_name", className);
    }

    /// A field that the sizes of a tensor prove.
    void derived(String field, Object value, String tensor) {
        settle(field, value, false, Message.of("checkpoints.derivation.shape", tensor));
    }

    /// A field whose value the checkpoint records.
    void told(String field, Object value) {
        settle(field, value, false, Message.of("checkpoints.derivation.told"));
    }

    /// A field taken from the published models.
    void assumed(String field, Object value, String key, Object... arguments) {
        settle(field, value, true, Message.of(key, arguments));
    }

    ConfigDocument document() {
        return document;
    }

    List<ConfigDerivation.Value> values() {
        return List.copyOf(values);
    }

    private void settle(String field, Object value, boolean assumed, Message reason) {
        document = switch (value) {
            case Boolean flag -> document.with(field, flag);
            case Double number -> document.with(field, number);
            case Number whole -> document.with(field, whole.longValue());
            case List<?> list -> document.with(field, list);
            default -> document.with(field, value.toString());
        };
        values.add(new ConfigDerivation.Value(field, document.rawValue(field).orElse(""), assumed, reason));
    }
}
