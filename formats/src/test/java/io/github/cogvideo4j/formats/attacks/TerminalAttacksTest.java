package io.github.cogvideo4j.formats.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.testing.Attack;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Names that reach a person's terminal.
class TerminalAttacksTest {
    private static String said(String name) {
        return Message.of("formats.torch.storage-missing", name).text();
    }

    @Test
    @Attack(
            name = "terminal-escapes",
            tries = "a tensor's name with escape sequences that clear the screen, set the title or forge a line",
            fails = "control characters, line and paragraph separators and halves of surrogates are replaced in every "
                    + "argument of a message")
    void escapes() {
        String forged = "\u001b[2J\u001b]0;owned\u0007ok\r\n\u0085\u2028\u2029\u009b\ud800";
        assertThat(said(forged).replaceAll("[ -~\ufffd]", "")).isEmpty();
        IntStream.rangeClosed(0, 0x9f)
                .filter(Character::isISOControl)
                .forEach(c -> assertThat(Message.clean(Character.toString(c))).isEqualTo("\ufffd"));
    }

    @Test
    @Attack(
            name = "terminal-bidi",
            tries = "overrides of the writing direction and invisible characters make a name look like another",
            fails = "all characters that only format are replaced")
    void bidi() {
        for (int c :
                new int[] {0x202a, 0x202b, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x200b, 0x200f, 0xfeff, 0xe0041}) {
            assertThat(Message.clean("a" + Character.toString(c) + "b")).isEqualTo("a\ufffdb");
        }
        assertThat(Message.clean("权重.weight-é")).isEqualTo("权重.weight-é");
    }

    @Test
    @Attack(
            name = "terminal-flood",
            tries = "a name of a million characters buries the message",
            fails = "2,000 characters of an argument are shown")
    void flood() {
        assertThat(said("x".repeat(1_000_000)).length()).isLessThan(3_000);
    }

    @Test
    @Attack(
            name = "message-placeholders",
            tries = "a name such as `{1}` or `$1` that the message's own formatting would expand",
            fails = "arguments are put in literally, once")
    void placeholders() {
        assertThat(said("{0}{1}$1\\${x}")).contains("{0}{1}$1\\${x}");
    }
}
