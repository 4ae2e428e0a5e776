package io.github.cogvideo4j.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Paths of the test resources, as plain files: what is tested reads files, so tests do too.
public final class Resources {
    private static final Path ROOT = locate();
    private static final Pattern KIND = Pattern.compile("\"kind\"\\s*:\\s*\"([^\"]*)\"");

    private Resources() {}

    /// A fixture, or a file in one: `fixture("zero2-bf16-w2/output/checkpoint-3")`.
    public static Path fixture(String path) {
        return existing(ROOT.resolve("fixtures").resolve(path));
    }

    /// A golden file or folder: `golden("pipelines/t2v-2b")`.
    public static Path golden(String path) {
        return existing(ROOT.resolve("golden").resolve(path));
    }

    /// A golden pipeline of CogVideoX-Fun, whole: its own folders, and those that it shares with CogVideoX-5b.
    ///
    /// @param name   `fun-control-5b` or `fun-inp-5b`
    /// @param target where it is put together; not there yet
    public static Path funPipeline(String name, Path target) throws IOException {
        copy(golden("control/pipelines/" + name), target);
        for (String shared : List.of("tokenizer", "text_encoder", "vae")) {
            copy(golden("pipelines/t2v-5b/" + shared), target.resolve(shared));
        }
        return target;
    }

    /// A file of the project itself: `project("docs/security.md")`.
    public static Path project(String path) {
        return existing(ROOT.resolve("../../../..").normalize().resolve(path));
    }

    /// The inputs that fuzzing found: a folder for each target.
    public static Path fuzz() {
        return existing(ROOT.resolve("fuzz"));
    }

    /// The names of the fixtures in a folder (`""` for the top, `"broken"`, `"mess"`), sorted.
    public static List<String> cases(String folder) {
        try (Stream<Path> children = Files.list(fixture(folder))) {
            return children.filter(child -> Files.exists(child.resolve("case.json")))
                    .map(child -> child.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What a fixture is about, as its `case.json` says: `deepspeed`, `trainer`, `any`, `mess`, ...
    public static String kind(String name) {
        try {
            Matcher kind = KIND.matcher(Files.readString(fixture(name).resolve("case.json")));
            if (!kind.find()) {
                throw new IllegalArgumentException("no kind in case.json of " + name);
            }
            return kind.group(1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Copies a folder, so that a test may change it.
    public static Path copy(Path source, Path target) throws IOException {
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(target.resolve(source.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.copy(file, target.resolve(source.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
        return target;
    }

    /// Deletes a folder with everything in it.
    public static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.toList().reversed()) {
                Files.delete(path);
            }
        }
    }

    /// The SHA-256 of every file below a folder, by relative path: equal snapshots mean that nothing was
    /// touched.
    public static SortedMap<String, String> snapshot(Path folder) throws IOException {
        SortedMap<String, String> hashes = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                hashes.put(folder.relativize(file).toString(), sha256(Files.readAllBytes(file)));
            }
        }
        return hashes;
    }

    /// The SHA-256 of some bytes, in lowercase hexadecimal.
    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static Path existing(Path path) {
        if (!Files.exists(path)) {
            throw new IllegalArgumentException("no such test resource: " + path);
        }
        return path;
    }

    /// The build passes the project's root; an IDE runs a test in the module's folder or in the root.
    private static Path locate() {
        Path start = Path.of(System.getProperty("cogvideo4j.root", "")).toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            Path resources = folder.resolve("testing/src/test/resources");
            if (Files.isDirectory(resources)) {
                return resources;
            }
        }
        throw new IllegalStateException("test resources not found from " + start);
    }
}
