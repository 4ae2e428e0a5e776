package io.github.cogvideo4j.checkpoints.inspect.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.TensorPosition;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComparisonPageTest {
    private static final String ATTACK = "x\"><script>alert('1')</script>&\u202e";

    private static TensorChange tensor(String name, double difference, double base) {
        return new TensorChange(
                name,
                TensorPosition.of(name),
                Shape.of(4),
                DType.BF16,
                DType.F32,
                new ValueChange(4, difference, base, 0.5, 4, 4));
    }

    private static Comparison comparison(TensorChange... tensors) {
        return new Comparison(
                Path.of(ATTACK.replace("/", "")),
                Path.of("base"),
                List.of(tensors),
                List.of("only " + ATTACK),
                List.of(),
                new LinkedHashMap<>(java.util.Map.of(ATTACK, List.of(Shape.of(1), Shape.of(2)))),
                List.of(ATTACK));
    }

    @Test
    void namesFromFilesCannotBecomeMarkup() {
        String page = ComparisonPage.of(
                comparison(tensor(ATTACK + ".weight", 1, 4), tensor("transformer_blocks.0." + ATTACK, 1, 4)),
                Locale.ENGLISH);
        assertThat(page)
                .doesNotContainIgnoringCase("<script")
                .doesNotContain("\u202e")
                .contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;");
        assertThat(Pattern.compile("=\"[^\"]*[<>][^\"]*\"").matcher(page).find())
                .isFalse();
    }

    @Test
    void thePageAsksForNothing() {
        String page = ComparisonPage.of(comparison(tensor("proj_out.weight", 1, 4)), Locale.ENGLISH);
        assertThat(page)
                .contains("default-src 'none'".replace("'", "&#39;"))
                .doesNotContainIgnoringCase("http:")
                .doesNotContainIgnoringCase("https:")
                .doesNotContainIgnoringCase("url(")
                .doesNotContainIgnoringCase("@import")
                .doesNotContainIgnoringCase(" src=")
                .doesNotContainIgnoringCase(" href=")
                .contains("color-scheme: light dark", "light-dark(");
    }

    @Test
    void everyCellSaysItsValueInText() {
        String page = ComparisonPage.of(
                comparison(
                        tensor("transformer_blocks.0.attn1.to_q.weight", 1, 100),
                        tensor("transformer_blocks.1.attn1.to_q.weight", 0, 100),
                        tensor("transformer_blocks.1.attn1.to_k.weight", 1, 0),
                        tensor("transformer_blocks.1.attn1.to_v.weight", Double.NaN, 1)),
                Locale.ENGLISH);
        assertThat(page)
                .containsPattern("<td class=\"cell heat[^>]*>10\\.0%</td>")
                .containsPattern("<td class=\"cell same\"[^>]*>0%</td>")
                .containsPattern("<td class=\"cell odd\"[^>]*>∞</td>")
                .containsPattern("<td class=\"cell odd\"[^>]*>NaN</td>")
                .contains("title=\"block 0, to_q: 10.0%");
    }

    @Test
    void thePageSpeaksChinese() {
        String page = ComparisonPage.of(comparison(tensor("proj_out.weight", 1, 4)), Locale.SIMPLIFIED_CHINESE);
        assertThat(page).contains("lang=\"zh-CN\"").contains("微调改变了什么").doesNotContain("checkpoints.page");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":1}", "PK\u0003\u0004", "text"})
    void onlyAPageIsReplacedByAPage(String other, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), other);
        assertThatExceptionOfType(OutputException.class).isThrownBy(() -> PageFile.write(file, "<!doctype html>"));
        assertThat(file).hasContent(other);
        Path page = folder.resolve("page.html");
        PageFile.write(page, "<!doctype html>1");
        PageFile.write(page, "<!doctype html>2");
        assertThat(page).hasContent("<!doctype html>2");
        try (var left = Files.list(folder)) {
            assertThat(left).hasSize(2);
        }
    }

    @Test
    void aLinkIsNotFollowed(@TempDir Path folder) throws IOException {
        Path target = Files.writeString(folder.resolve("weights"), "<!doctype html>");
        Path link = Files.createSymbolicLink(folder.resolve("link"), target);
        assertThatExceptionOfType(OutputException.class).isThrownBy(() -> PageFile.write(link, "<!doctype html>2"));
        assertThat(target).hasContent("<!doctype html>");
    }
}
