package io.github.cogvideo4j.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShellWordTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "out/model-1.0|out/model-1.0",
                "my model|'my model'",
                "it's|'it'\\''s'",
                "模型|'模型'",
                "-model|./-model",
                "-my model|'./-my model'",
                "a$HOME|'a$HOME'"
            })
    void aPathIsQuotedWhereAShellWouldTakeItApart(String path, String word) {
        assertThat(ShellWord.of(Path.of(path))).isEqualTo(word);
    }

    /// A shell gives back what was quoted.
    @Property(tries = 5)
    void aShellReadsTheTextsThatWereQuoted(Generator generator) throws Exception {
        List<String> texts = generator.list(20, 20, () -> generator.text(12).replace("\0", ""));
        String command = "printf '%s\\1' "
                + String.join(" ", texts.stream().map(ShellWord::of).toList());
        Process process = new ProcessBuilder("sh").redirectErrorStream(true).start();
        process.getOutputStream().write(command.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(List.of(output.split("\1", -1))).startsWith(texts.toArray(String[]::new));
    }
}
