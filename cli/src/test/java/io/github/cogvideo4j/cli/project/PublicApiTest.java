package io.github.cogvideo4j.cli.project;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The list of the library's public types, docs/public-api.txt. A type becomes public by a decision: whoever makes one
/// adds it with `mvn test -pl cli -am -Dtest=PublicApiTest -Dpublic-api.update=true
/// -Dsurefire.failIfNoSpecifiedTests=false`.
class PublicApiTest {
    private static final Path LIST = ProjectFiles.ROOT.resolve("docs/public-api.txt");

    /// More public types than this are no longer an API that one person keeps in mind. A job has a request and what
    /// becomes of it: a watch, a model kept open, a setup came with two or three types each, the server and batches
    /// with seven.
    private static final int LIMIT = 160;

    @Test
    void theListIsShort() throws IOException {
        assertThat(Files.readAllLines(LIST)).hasSizeLessThan(LIMIT);
    }

    @Test
    void thePublicTypesAreThoseOfTheList() throws IOException {
        List<String> types = new ArrayList<>();
        for (String module : List.of("formats", "checkpoints", "inference", "server", "cluster")) {
            types.addAll(publicTypes(ProjectFiles.ROOT.resolve(module).resolve("src/main/java")));
        }
        if (Boolean.getBoolean("public-api.update")) {
            Files.write(LIST, types);
        }
        assertThat(types).isEqualTo(Files.readAllLines(LIST));
    }

    private static List<String> publicTypes(Path sources) throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !sources.relativize(file).toString().contains("internal"))
                    .filter(PublicApiTest::isPublic)
                    .map(file -> sources.relativize(file).toString().replace(".java", ""))
                    .map(path -> path.replace('\\', '/').replace('/', '.'))
                    .sorted()
                    .toList();
        }
    }

    private static boolean isPublic(Path file) {
        String name = file.getFileName().toString().replace(".java", "");
        try {
            return Pattern.compile(
                            "^public [a-z -]*\\b(class|interface|record|enum) " + name + "\\b", Pattern.MULTILINE)
                    .matcher(Files.readString(file))
                    .find();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
