package io.github.cogvideo4j.checkpoints.layout;

import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The local cache of the Hugging Face hub. It is read, and nothing is ever downloaded into it or written
/// through its links.
///
/// @param root the folder with `models--ORG--NAME`
public record HubCache(Path root) {
    private static final Pattern IDENTIFIER =
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}");
    private static final int LONGEST_REVISION = 200;
    private static final String FOLDER = "models--";

    /// One organisation under its earlier and its present name; the hub forwards from one to the other.
    private static final Set<String> RENAMED = new TreeSet<>(List.of("THUDM", "zai-org"));

    /// The cache that the environment names: `HF_HUB_CACHE`, else `HF_HOME/hub`, where `HF_HOME` defaults to
    /// `${XDG_CACHE_HOME:-~/.cache}/huggingface`.
    public static HubCache of(Map<String, String> environment) {
        return new HubCache(variable(environment, "HF_HUB_CACHE")
                .orElseGet(() -> variable(environment, "HF_HOME")
                        .orElseGet(() -> variable(environment, "XDG_CACHE_HOME")
                                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"))
                                .resolve("huggingface"))
                        .resolve("hub")));
    }

    private static Optional<Path> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isBlank())
                .map(Path::of);
    }

    /// Whether a text has the form `ORG/NAME`.
    public static boolean isIdentifier(String text) {
        return IDENTIFIER.matcher(text).matches();
    }

    /// The snapshot of a model's `main` revision, when it is in the cache; also under the other name of an
    /// organisation that was renamed.
    public Optional<Path> snapshot(String identifier) throws IOException {
        if (!isIdentifier(identifier)) {
            return Optional.empty();
        }
        Optional<Path> exact = snapshotOf(identifier);
        if (exact.isPresent()) {
            return exact;
        }
        int slash = identifier.indexOf('/');
        for (String organisation : RENAMED) {
            Optional<Path> other = RENAMED.contains(identifier.substring(0, slash))
                    ? snapshotOf(organisation + identifier.substring(slash))
                    : Optional.empty();
            if (other.isPresent()) {
                return other;
            }
        }
        return Optional.empty();
    }

    /// The models that are in the cache, as `ORG/NAME`, in order.
    public List<String> models() throws IOException {
        List<String> models = new ArrayList<>();
        if (!Files.isDirectory(root) || !Files.isReadable(root)) {
            return models;
        }
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(root, FOLDER + "*")) {
            for (Path folder : folders) {
                String name = String.valueOf(folder.getFileName()).substring(FOLDER.length());
                String identifier = name.replaceFirst("--", "/");
                if (isIdentifier(identifier) && snapshotOf(identifier).isPresent()) {
                    models.add(identifier);
                }
            }
        }
        models.sort(Comparator.naturalOrder());
        return models;
    }

    private Optional<Path> snapshotOf(String identifier) throws IOException {
        Path model = root.resolve(FOLDER + identifier.replace("/", "--"));
        Path reference = model.resolve("refs").resolve("main");
        if (!Files.isRegularFile(reference) || Files.size(reference) > LONGEST_REVISION) {
            return Optional.empty();
        }
        String revision = new String(Files.readAllBytes(reference), StandardCharsets.UTF_8).strip();
        return PlainFileName.of(revision)
                .map(name -> name.in(model.resolve("snapshots")))
                .filter(Files::isDirectory);
    }
}
