package io.github.cogvideo4j.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The attacks of a module, as its tests have them and as `docs/security.md` has them: the two must be the
/// same.
public final class AttackTable {
    private AttackTable() {}

    /// The rows of the attacks in a module's tests, sorted by name.
    ///
    /// @param anyTest a test of the module
    public static List<String> tested(Class<?> anyTest) {
        SortedMap<String, String> rows = new TreeMap<>();
        for (Class<?> test : tests(anyTest)) {
            for (Method method : test.getDeclaredMethods()) {
                Attack attack = method.getAnnotation(Attack.class);
                if (attack != null) {
                    String row = "| `%s` | %s | %s |".formatted(attack.name(), attack.tries(), attack.fails());
                    if (rows.put(attack.name(), row) != null) {
                        throw new IllegalStateException("two attacks are called " + attack.name());
                    }
                }
            }
        }
        return List.copyOf(rows.values());
    }

    /// The rows of the table below a heading of `docs/security.md`.
    public static List<String> documented(String heading) throws IOException {
        List<String> rows = new ArrayList<>();
        boolean inside = false;
        for (String line : Files.readAllLines(Resources.project("docs/security.md"))) {
            if (line.startsWith("#")) {
                inside = line.equals(heading);
            } else if (inside && line.startsWith("| `")) {
                rows.add(line);
            }
        }
        return rows;
    }

    private static List<Class<?>> tests(Class<?> anyTest) {
        List<Class<?>> tests = new ArrayList<>();
        try {
            Path root = Path.of(
                    anyTest.getProtectionDomain().getCodeSource().getLocation().toURI());
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(path -> path.toString().endsWith("Test.class"))
                        .toList()) {
                    String name = root.relativize(file)
                            .toString()
                            .replace(file.getFileSystem().getSeparator(), ".");
                    tests.add(Class.forName(
                            name.substring(0, name.length() - ".class".length()), false, anyTest.getClassLoader()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException | ClassNotFoundException e) {
            throw new IllegalStateException("the tests of " + anyTest + " cannot be listed", e);
        }
        return tests;
    }
}
