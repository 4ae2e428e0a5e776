package io.github.cogvideo4j.cli.arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.cli.generation.OutputNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTest {
    @TempDir
    private Path folder;

    @Test
    void everyLineIsAPromptWithOrWithoutAnImage() throws IOException {
        Path file = Files.writeString(
                folder.resolve("prompts.txt"), "a cat\n\n一只猫@@images/cat.png\r\n a dog @@ dog.png \n");
        assertThat(Prompt.read(file))
                .containsExactly(
                        new Prompt("a cat", Optional.empty()),
                        new Prompt("一只猫", Optional.of(Path.of("images/cat.png"))),
                        new Prompt("a dog", Optional.of(Path.of("dog.png"))));
    }

    @Test
    void aFileWithoutPromptsOrOfOtherThingsIsRefused() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.txt"), "\n \n");
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> Prompt.read(empty));
        Path binary = Files.write(folder.resolve("binary.txt"), new byte[] {(byte) 0xFF, (byte) 0xFE, 0, 65});
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> Prompt.read(binary));
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> Prompt.read(folder));
        Path large = Files.writeString(folder.resolve("large.txt"), "a cat\n".repeat(1 << 20));
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> Prompt.read(large));
        Path noName = Files.writeString(folder.resolve("no-name.txt"), "a cat@@a\0b.png\n");
        assertThatExceptionOfType(UsageException.class).isThrownBy(() -> Prompt.read(noName));
    }

    @Test
    void namesOfSeveralVideosKeepTheEnding() {
        assertThat(OutputNames.of(Path.of("out/video.mp4"), 1, 1)).isEqualTo(Path.of("out/video.mp4"));
        assertThat(OutputNames.of(Path.of("out/video.mp4"), 2, 3)).isEqualTo(Path.of("out/video-2.mp4"));
        assertThat(OutputNames.of(Path.of("frames"), 2, 3)).isEqualTo(Path.of("frames-2"));
        assertThat(OutputNames.beside(Path.of("out/video.mp4"), ".json")).isEqualTo(Path.of("out/video.mp4.json"));
    }
}
