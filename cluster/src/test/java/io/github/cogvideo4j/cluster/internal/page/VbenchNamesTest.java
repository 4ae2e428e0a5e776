package io.github.cogvideo4j.cluster.internal.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Attack;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The names that VBench asks for, and those that files can have.
class VbenchNamesTest {
    private static final String KEY = "0123456789abcdef".repeat(4);

    @Test
    void mostNamesStayAsTheyAre() {
        assertThat(VbenchNames.fileName("a cat, \"quoted\" — 狗", 3, KEY)).isEqualTo("a cat, \"quoted\" — 狗-3.mp4");
        assertThat(VbenchNames.fileName("x".repeat(249), 0, KEY)).isEqualTo("x".repeat(249) + "-0.mp4");
    }

    @Test
    @Attack(
            name = "vbench-names",
            tries = "prompts for VBench with `/`, `..`, line breaks, 255 bytes and more, or such that two become one",
            fails = "what a name cannot have is replaced, and a name that was changed has a part of its key")
    void namesAreNames() {
        for (String prompt : List.of(
                "../../etc/passwd",
                "/",
                "a\nb",
                "a\0b",
                "x".repeat(250),
                "狗".repeat(200),
                "\uD83D\uDC15".repeat(100))) {
            String name = VbenchNames.fileName(prompt, 0, KEY);
            assertThat(name).doesNotContain("/").doesNotContain("\n").endsWith("~01234567-0.mp4");
            assertThat(name.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(255);
        }
        assertThat(VbenchNames.fileName("a/b", 0, KEY)).isNotEqualTo(VbenchNames.fileName("a_b", 0, KEY));
    }
}
