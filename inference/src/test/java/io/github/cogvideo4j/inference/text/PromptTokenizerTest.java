package io.github.cogvideo4j.inference.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// The tokenizer against the reference's ids, and against files that are none.
class PromptTokenizerTest {
    private static final long LONGEST_GOLDEN = 32 << 20;

    /// Can be cut in many ways that are equally likely. The SentencePiece of the library here (0.2.0) holds sums
    /// of fp64 against sums kept in fp32, the reference's (0.2.2) fp32 against fp32, and rounding decides: the
    /// pieces are the same in another order. The library lets nothing be chosen about that.
    private static final String TIED = ".".repeat(500);

    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(ints = {226, 224})
    void everyTextHasTheReferencesIds(int length) throws IOException {
        JsonNode golden = JsonFile.readObject(
                Resources.golden("tokenizer/tokenizer.json"), LONGEST_GOLDEN, ProblemCode.CONFIG_INVALID);
        SoftAssertions all = new SoftAssertions();
        try (PromptTokenizer tokenizer = PromptTokenizer.open(folder())) {
            for (JsonNode testCase : golden.path("cases")) {
                String text = testCase.path("text").stringValue();
                TokenizedPrompt prompt = tokenizer.encode(text, length);
                List<Integer> expected = integers(testCase.path("input_ids_" + length));
                if (text.equals(TIED)) {
                    all.assertThat(prompt.ids()).containsExactlyInAnyOrderElementsOf(expected);
                } else {
                    all.assertThat(prompt.ids()).as(text).isEqualTo(expected);
                }
                all.assertThat(prompt.lost())
                        .as(text)
                        .isEqualTo(Math.max(0, testCase.path("untruncated_ids").size() - length));
            }
        }
        all.assertAll();
    }

    /// A folder without `tokenizer_config.json` has the same tokens from its `added_tokens.json`.
    @Test
    void theOldFileOfAddedTokensServesAsWell() throws IOException {
        for (String name : List.of("spiece.model", "added_tokens.json")) {
            Files.copy(folder().resolve(name), temporary.resolve(name));
        }
        String text = "a <extra_id_3> b </s> c";
        try (PromptTokenizer old = PromptTokenizer.open(temporary);
                PromptTokenizer full = PromptTokenizer.open(folder())) {
            assertThat(old.encode(text, 32)).isEqualTo(full.encode(text, 32));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 262_000})
    void aTruncatedModelIsOneClearError(int length) throws IOException {
        byte[] whole = Files.readAllBytes(folder().resolve("spiece.model"));
        Files.write(temporary.resolve("spiece.model"), Arrays.copyOf(whole, length));
        assertRefused(ProblemCode.CONFIG_INVALID);
    }

    @Test
    void anythingElseIsNoModel() throws IOException {
        Files.writeString(temporary.resolve("spiece.model"), "version https://git-lfs.github.com/spec/v1\n");
        assertRefused(ProblemCode.CONFIG_INVALID);
    }

    @Test
    void aMissingModelIsNamed() {
        assertRefused(ProblemCode.CONFIG_MISSING);
    }

    private void assertRefused(ProblemCode code) {
        assertThatThrownBy(() -> PromptTokenizer.open(temporary).close())
                .isInstanceOfSatisfying(
                        InvalidModelException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(code));
    }

    private static Path folder() {
        return Resources.golden("pipelines/t2v-2b/tokenizer");
    }

    private static List<Integer> integers(JsonNode numbers) {
        List<Integer> result = new ArrayList<>();
        numbers.forEach(number -> result.add(number.intValue()));
        return result;
    }
}
