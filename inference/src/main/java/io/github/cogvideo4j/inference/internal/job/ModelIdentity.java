package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.video.VideoFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/// The identity of a model, so that a repetition notices another one under the same name: the hashes of its manifest,
/// and without one the names and sizes of its weight files.
public final class ModelIdentity {
    private static final int COMPONENT_DEPTH = 2;

    private ModelIdentity() {}

    /// The model's identity: `tensors_sha256` (over the manifest's hash of every tensor, in the order of
    /// their names) and the hash of each file that was hashed; or `files` with sizes.
    public static ObjectNode of(Path model) throws IOException {
        ObjectNode identity = JsonFile.newObject();
        if (Files.isRegularFile(model.resolve(Manifest.FILE_NAME))) {
            Manifest manifest = ManifestJson.read(model);
            identity.put("tensors_sha256", tensors(manifest));
            ObjectNode files = identity.putObject("files_sha256");
            manifest.files().forEach(file -> file.sha256().ifPresent(hash -> files.put(file.path(), hash)));
        } else {
            ObjectNode sizes = identity.putObject("file_sizes");
            for (Path file : weights(model)) {
                sizes.put(model.relativize(file).toString().replace('\\', '/'), Files.size(file));
            }
        }
        return identity;
    }

    /// The identity of a model and of the files of a prompt.
    public static ObjectNode of(Path model, PromptInput prompt) throws IOException {
        ObjectNode identity = of(model);
        put(identity, "input_sha256", prompt.input());
        put(identity, "last_image_sha256", prompt.lastImage());
        put(identity, "mask_sha256", prompt.mask());
        return identity;
    }

    private static void put(ObjectNode identity, String name, Optional<Path> file) throws IOException {
        if (file.isPresent()) {
            identity.put(name, sha256(file.get()));
        }
    }

    /// The hash of a file, or of the names and bytes of a folder's frames.
    private static String sha256(Path input) throws IOException {
        MessageDigest digest = digest();
        boolean folder = Files.isDirectory(input);
        for (Path file : VideoFile.files(input)) {
            if (folder) {
                digest.update((file.getFileName() + "\n").getBytes(StandardCharsets.UTF_8));
            }
            add(digest, file);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void add(MessageDigest digest, Path file) throws IOException {
        try (var stream = Files.newInputStream(file)) {
            byte[] bytes = new byte[1 << 16];
            for (int count = stream.read(bytes); count > 0; count = stream.read(bytes)) {
                digest.update(bytes, 0, count);
            }
        }
    }

    private static List<Path> weights(Path model) throws IOException {
        try (Stream<Path> files = Files.walk(model, COMPONENT_DEPTH)) {
            return files.filter(file -> file.toString().matches(".*\\.(safetensors|bin|pt)"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    private static String tensors(Manifest manifest) {
        MessageDigest digest = digest();
        for (Map.Entry<String, Manifest.TensorEntry> tensor : new TreeMap<>(manifest.tensors()).entrySet()) {
            String line = tensor.getKey() + " " + tensor.getValue().sha256() + "\n";
            digest.update(line.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
