package io.github.cogvideo4j.server.internal.settings;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// A YAML file of settings: names with values, `model` and `transformer` also as a map from name to path.
final class SettingsFile {
    private static final int LARGEST = 1 << 20;

    private SettingsFile() {}

    static Map<String, List<String>> read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw ServerSettingsReader.refused("server.settings.no-file", "config", file);
        }
        if (Files.size(file) > LARGEST) {
            throw refused(file, "server.settings.file-size", LARGEST);
        }
        LoadSettings limits = LoadSettings.builder()
                .setAllowDuplicateKeys(false)
                .setAllowRecursiveKeys(false)
                .setMaxAliasesForCollections(0)
                .setCodePointLimit(LARGEST)
                .build();
        Object loaded;
        try {
            loaded = new Load(limits).loadFromString(Files.readString(file));
        } catch (YamlEngineException e) {
            throw refused(
                    file, "server.settings.yaml", String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        }
        Map<String, List<String>> settings = new LinkedHashMap<>();
        if (loaded == null) {
            return settings;
        }
        if (!(loaded instanceof Map<?, ?> map)) {
            throw refused(file, "server.settings.file");
        }
        map.forEach((key, value) -> {
            String name = String.valueOf(key).toLowerCase(Locale.ROOT).replace('_', '-');
            settings.put(name, texts(file, name, value));
        });
        return settings;
    }

    private static List<String> texts(Path file, String name, Object value) {
        List<String> texts = new ArrayList<>();
        switch (value) {
            case null -> throw refused(file, "server.settings.empty", name);
            case List<?> list -> list.forEach(element -> texts.add(text(file, name, element)));
            case Map<?, ?> map -> map.forEach((key, inner) -> texts.add(key + "=" + text(file, name, inner)));
            default -> texts.add(text(file, name, value));
        }
        return texts;
    }

    private static String text(Path file, String name, Object value) {
        return switch (value) {
            case String string -> string.strip();
            case Number number -> number.toString();
            case Boolean flag -> flag.toString();
            case null, default -> throw refused(file, "server.settings.value", name);
        };
    }

    private static InvalidRequestException refused(Path file, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.of(file), key, arguments);
    }
}
