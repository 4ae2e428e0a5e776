package io.github.cogvideo4j.cli.project;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The project's own files, as the checks on them see them.
final class ProjectFiles {
    static final Path ROOT = locate();

    private ProjectFiles() {}

    /// The modules with sources, by their folder's name; test resources are no part of the program.
    static List<String> modules() {
        try (Stream<Path> folders = Files.list(ROOT)) {
            return folders.filter(folder -> Files.isDirectory(folder.resolve("src/main/java")))
                    .map(folder -> folder.getFileName().toString())
                    .filter(name -> !name.equals("testing"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The text of all main sources of a module.
    static List<String> sources(String module) {
        try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(ProjectFiles::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A bundle of a module: `messages`, `messages_zh`. Empty when the module has none.
    static Map<String, String> bundle(String module, String name) {
        Path file = ROOT.resolve(module)
                .resolve("src/main/resources/io/github/cogvideo4j")
                .resolve(module)
                .resolve(name + ".properties");
        Map<String, String> texts = new TreeMap<>();
        if (Files.exists(file)) {
            Properties properties = new UniqueKeys(file);
            try (Reader reader = Files.newBufferedReader(file)) {
                properties.load(reader);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            properties.forEach((key, value) -> texts.put((String) key, (String) value));
        }
        return texts;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path locate() {
        Path start = Path.of(System.getProperty("cogvideo4j.root", "")).toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("formats/pom.xml"))) {
                return folder;
            }
        }
        throw new IllegalStateException("the project's root was not found from " + start);
    }

    /// A bundle in which a later line would silently replace an earlier one is a mistake.
    private static final class UniqueKeys extends Properties {
        private final transient Path file;

        UniqueKeys(Path file) {
            this.file = file;
        }

        @Override
        public synchronized Object put(Object key, Object value) {
            if (containsKey(key)) {
                throw new IllegalStateException(file + " has the key " + key + " twice");
            }
            return super.put(key, value);
        }
    }
}
