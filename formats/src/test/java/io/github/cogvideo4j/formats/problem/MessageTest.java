package io.github.cogvideo4j.formats.problem;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Lists inside sentences. The key is one of a sentence that has a list at its end.
class MessageTest {
    private static final String KEY = "formats.index.tensor-in-several-shards";

    @Test
    void aListIsJoinedAsTheLanguageJoinsLists() {
        Message message = Message.of(KEY, "w", List.of("a", "b", "c"));
        assertThat(message.text()).endsWith(": a, b, c");
        assertThat(message.text(Locale.CHINESE)).endsWith("a、b、c").doesNotContain(", ");
    }

    @Test
    void whatIsNotNamedIsCounted() {
        Message message = Message.of(KEY, "w", Message.first(List.of(1, 2, 3, 4, 5, 6)));
        assertThat(message.text()).endsWith(": 1, 2, 3, 4 and 2 more");
        assertThat(message.text(Locale.CHINESE)).endsWith("1、2、3、4 及另外 2 项");
        assertThat(Message.of(KEY, "w", Message.first(List.of("a", "b", "c", "d")))
                        .text())
                .endsWith(": a, b, c, d");
    }

    @Test
    void anEmptyListIsADash() {
        assertThat(Message.of(KEY, "w", Set.of()).text()).endsWith(": -");
    }

    @Test
    void sizesKeepTheirBrackets() {
        assertThat(Message.of(KEY, "w", List.of(2L, 3L)).text()).endsWith(": [2, 3]");
    }

    @Test
    void aListThatIsTooLongToReadIsCut() {
        List<String> names =
                IntStream.range(0, 1_000_000).mapToObj(i -> "%09d".formatted(i)).toList();
        String text = Message.of(KEY, "w", names).text();
        assertThat(text).hasSizeLessThan(4_000).endsWith("000000221 and 999778 more");
    }

    @Test
    void anElementCannotForgeTheTerminal() {
        assertThat(Message.of(KEY, "w", List.of("a\u001b[2J", "b")).text()).endsWith(": a\uFFFD[2J, b");
    }

    @Test
    void aMessageInAMessageSpeaksItsLanguage() {
        Message list = Message.of("formats.list.more", "a", 2);
        Message whole = Message.of(KEY, "w", list);
        assertThat(whole.text()).endsWith(": a and 2 more");
        assertThat(whole.text(Locale.CHINESE)).endsWith("a 及另外 2 项");
    }
}
