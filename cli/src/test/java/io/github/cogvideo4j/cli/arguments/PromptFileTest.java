package io.github.cogvideo4j.cli.arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.inference.generation.PromptInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptFileTest {
    @TempDir
    private Path folder;

    @Test
    void everyLineIsAPromptWithOrWithoutAnImage() throws IOException {
        Path file = Files.writeString(
                folder.resolve("prompts.txt"), "a cat\n\n一只猫@@images/cat.png\r\n a dog @@ dog.png \n");
        assertThat(PromptFile.read(file))
                .containsExactly(
                        new PromptInput("a cat", Optional.empty()),
                        new PromptInput("一只猫", Optional.of(Path.of("images/cat.png"))),
                        new PromptInput("a dog", Optional.of(Path.of("dog.png"))));
    }

    @Test
    void aFileWithoutPromptsOrOfOtherThingsIsRefused() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.txt"), "\n \n");
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> PromptFile.read(empty));
        Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {(byte) 0xFF, (byte) 0xFE, 0, 65});
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> PromptFile.read(binary));
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> PromptFile.read(folder));
        Path large = Files.writeString(folder.resolve("large.txt"), "a cat\n".repeat(1 << 20));
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> PromptFile.read(large));
        Path noName = Files.writeString(folder.resolve("no-name.txt"), "a cat@@a\0b.png\n");
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> PromptFile.read(noName));
    }
}
