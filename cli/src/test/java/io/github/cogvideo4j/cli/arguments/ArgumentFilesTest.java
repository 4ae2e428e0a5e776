package io.github.cogvideo4j.cli.arguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArgumentFilesTest {
    @TempDir
    private Path folder;

    @Test
    void blanksAndLinesSeparateWords() throws IOException {
        assertThat(expanded("convert  a\tb\r\n--dtype bf16\n")).containsExactly("convert", "a", "b", "--dtype", "bf16");
    }

    @Test
    void quotesHoldBlanksTogetherAlsoInsideAWord() throws IOException {
        assertThat(expanded("--prompt \"a cat, it's here\" --out='x y'z ''"))
                .containsExactly("--prompt", "a cat, it's here", "--out=x yz", "");
    }

    @Test
    void aBackslashEscapesOnlyInDoubleQuotes() throws IOException {
        assertThat(expanded("C:\\a\\b \"say \\\"hi\\\" \\\\ \\n\" 'c:\\d'"))
                .containsExactly("C:\\a\\b", "say \"hi\" \\ \\n", "c:\\d");
    }

    @Test
    void aHashBeginsACommentOnlyAtTheStartOfAWord() throws IOException {
        assertThat(expanded("# all of it\na#b # rest\nc")).containsExactly("a#b", "c");
    }

    @Test
    void aFileDoesNotIncludeAnother() throws IOException {
        assertThat(expanded("@other")).containsExactly("@other");
    }

    @Test
    void aDoubledAtIsAnAtAndNothingExpandsAfterTheEndOfOptions() {
        assertThat(ArgumentFiles.expand(List.of("@@home", "@", "--", "@file")))
                .containsExactly("@home", "@", "--", "@file");
    }

    @Test
    void anOpenQuoteAnUnreadableFileAndAHugeOneAreUsageErrors() throws IOException {
        Path open = Files.writeString(folder.resolve("open"), "\"a b");
        Path huge = Files.write(folder.resolve("huge"), new byte[(1 << 20) + 1]);
        Path latin = Files.write(folder.resolve("latin"), new byte[] {(byte) 0xE9, ' '});
        for (Path file : List.of(open, huge, latin, folder, folder.resolve("absent"))) {
            assertThatThrownBy(() -> ArgumentFiles.expand(List.of("@" + file)))
                    .as(file.toString())
                    .isInstanceOf(UsageException.class);
        }
    }

    private List<String> expanded(String text) throws IOException {
        return ArgumentFiles.expand(List.of("@" + Files.writeString(folder.resolve("arguments"), text)));
    }
}
