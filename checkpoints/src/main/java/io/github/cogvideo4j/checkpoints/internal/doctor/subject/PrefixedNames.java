package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.layout.Component;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// Names that have the folder's before their own: `transformer_config.json` in `transformer/`, which is how a
/// browser saves files of a model page one by one.
public final class PrefixedNames {
    /// Files of a pipeline's folders beside weights and `config.json`.
    private static final Map<String, Set<String>> SMALL = Map.of(
            "scheduler", Set.of("scheduler_config.json"),
            "tokenizer",
                    Set.of("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "spiece.model"));

    private PrefixedNames() {}

    /// A component's files that have such names, with the names that they should have. One whose place is taken is
    /// left out.
    public static SequencedMap<Path, Path> in(Path folder) throws IOException {
        SequencedMap<Path, Path> found = new LinkedHashMap<>();
        if (!Files.isDirectory(folder) || !Files.isReadable(folder)) {
            return found;
        }
        for (Path file : ComponentReader.children(folder)) {
            Optional<String> name = of(folder, ComponentReader.nameOf(file));
            if (name.isPresent()
                    && Files.isRegularFile(file)
                    && !Files.exists(folder.resolve(name.get()), LinkOption.NOFOLLOW_LINKS)) {
                found.put(file, folder.resolve(name.get()));
            }
        }
        return found;
    }

    /// Whether a file has such a name.
    public static boolean isPrefixed(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        return folder != null && of(folder, ComponentReader.nameOf(file)).isPresent();
    }

    /// The name without the folder's, where it has that and the rest is a name that belongs there.
    static Optional<String> of(Path folder, String name) {
        String component = ComponentReader.nameOf(folder.toAbsolutePath().normalize());
        String prefix = component + "_";
        if (!name.startsWith(prefix)) {
            return Optional.empty();
        }
        String rest = name.substring(prefix.length());
        Optional<Set<String>> small = SMALL.entrySet().stream()
                .filter(entry -> component.startsWith(entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
        boolean known = small.isPresent()
                ? small.get().contains(rest)
                : rest.equals("config.json")
                        || WeightFileName.parse(rest)
                                .filter(file -> StemKind.of(file, Component.named(component)) != StemKind.OTHER)
                                .isPresent();
        return known ? Optional.of(rest) : Optional.empty();
    }
}
