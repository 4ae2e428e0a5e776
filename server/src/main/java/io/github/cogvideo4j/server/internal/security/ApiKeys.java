package io.github.cogvideo4j.server.internal.security;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The keys of clients, each with a name. Only their SHA-256 is kept, and all are compared in the same time.
public final class ApiKeys {
    /// The owner of all jobs where there are no keys.
    public static final String LOCAL = "local";

    private static final long LARGEST_FILE = 1L << 20;
    private static final int SHORTEST_KEY = 16;
    private static final int LONGEST_KEY = 512;
    private static final int MOST_KEYS = 1_000;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final List<NamedKey> keys;

    private ApiKeys(List<NamedKey> keys) {
        this.keys = List.copyOf(keys);
    }

    private record NamedKey(String name, String hash) {}

    /// No keys: whoever reaches the server may ask.
    public static ApiKeys none() {
        return new ApiKeys(List.of());
    }

    /// Reads keys, a line `name:key` each; empty lines and those with `#` at the beginning are left out.
    ///
    /// @throws InvalidRequestException `request` when a line is none, or a name comes twice
    public static ApiKeys read(Path file) throws IOException {
        if (Files.size(file) > LARGEST_FILE) {
            throw refused(file, "server.keys.large", LARGEST_FILE);
        }
        return parse(Files.readString(file), file);
    }

    /// Reads keys from a text of such lines.
    public static ApiKeys parse(String text, Path file) {
        List<NamedKey> keys = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            String stripped = line.strip();
            if (stripped.isEmpty() || stripped.startsWith("#")) {
                continue;
            }
            int colon = stripped.indexOf(':');
            String name = colon < 0 ? "" : stripped.substring(0, colon).strip();
            String key = stripped.substring(colon + 1).strip();
            // The line itself is not told: it may be a key.
            if (!NAME.matcher(name).matches() || !isKey(key)) {
                throw refused(file, "server.keys.line", number, SHORTEST_KEY, LONGEST_KEY);
            }
            if (keys.stream().anyMatch(known -> known.name().equals(name))) {
                throw refused(file, "server.keys.twice", number, name);
            }
            keys.add(new NamedKey(name, Sha256.hex(key)));
        }
        if (keys.isEmpty() || keys.size() > MOST_KEYS) {
            throw refused(file, "server.keys.count", keys.size(), MOST_KEYS);
        }
        return new ApiKeys(keys);
    }

    private static boolean isKey(String key) {
        return key.length() >= SHORTEST_KEY
                && key.length() <= LONGEST_KEY
                && key.chars().allMatch(c -> c > ' ' && c < 0x7F);
    }

    /// Whether there are any.
    public boolean required() {
        return !keys.isEmpty();
    }

    /// The name of a key.
    public Optional<String> owner(String key) {
        byte[] asked = Sha256.hex(key).getBytes(StandardCharsets.US_ASCII);
        Optional<String> found = Optional.empty();
        for (NamedKey known : keys) {
            // All are compared, so that the time tells nothing.
            if (MessageDigest.isEqual(known.hash().getBytes(StandardCharsets.US_ASCII), asked)) {
                found = Optional.of(known.name());
            }
        }
        return found;
    }

    /// Whether there is a key of that name.
    public boolean has(String name) {
        return keys.stream().anyMatch(key -> key.name().equals(name));
    }

    /// The hash of a key by its name: what was signed with it ends with the key.
    String fingerprint(String name) {
        return keys.stream()
                .filter(key -> key.name().equals(name))
                .map(NamedKey::hash)
                .findFirst()
                .orElse("");
    }

    private static InvalidRequestException refused(Path file, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.of(file), key, arguments);
    }
}
