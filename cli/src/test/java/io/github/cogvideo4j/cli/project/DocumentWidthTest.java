package io.github.cogvideo4j.cli.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Prose wraps at 120 columns, so that a change of one word is a change of one line. Tables, code and addresses
/// cannot be wrapped.
class DocumentWidthTest {
    private static final int COLUMNS = 120;

    static Stream<String> documents() throws IOException {
        List<String> documents = new ArrayList<>();
        Path root = Resources.project("README.md").getParent();
        for (String folder :
                List.of("", "docs", "docs/design", ".github", ".github/ISSUE_TEMPLATE", "scripts/package")) {
            try (Stream<Path> files = Files.list(root.resolve(folder))) {
                files.map(file -> root.relativize(file).toString())
                        .filter(name -> name.endsWith(".md") || name.endsWith(".yml"))
                        .forEach(documents::add);
            }
        }
        return documents.stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void proseIsWrapped(String document) throws IOException {
        List<String> wide = new ArrayList<>();
        boolean code = false;
        for (String line : Files.readAllLines(Resources.project(document))) {
            code ^= line.stripLeading().startsWith("```");
            boolean indented = document.endsWith(".md") && line.startsWith("    ");
            if (!code
                    && !indented
                    && !line.startsWith("|")
                    && columns(line.replaceAll("https?://\\S+", "")) > COLUMNS) {
                wide.add(line);
            }
        }
        assertThat(wide).isEmpty();
    }

    /// A Chinese character and its punctuation take two columns.
    private static int columns(String line) {
        return line.codePoints()
                .map(point -> Character.isIdeographic(point)
                                || Character.UnicodeBlock.of(point)
                                        == Character.UnicodeBlock.CJK_SYMBOLS_AND_PUNCTUATION
                                || Character.UnicodeBlock.of(point)
                                        == Character.UnicodeBlock.HALFWIDTH_AND_FULLWIDTH_FORMS
                        ? 2
                        : 1)
                .sum();
    }
}
