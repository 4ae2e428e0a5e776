package io.github.cogvideo4j.inference.internal.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// The tokenizer against the reference's ids, and against files that are none.
class PromptTokenizerTest {
    private static final long LONGEST_GOLDEN = 32 << 20;

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
                all.assertThat(prompt.ids()).as(text).isEqualTo(integers(testCase.path("input_ids_" + length)));
                all.assertThat(prompt.unknown()).as(text).isEqualTo((int)
                        integers(testCase.path("input_ids_" + length)).stream()
                                .filter(id -> id == 2)
                                .count());
                all.assertThat(prompt.lost())
                        .as(text)
                        .isEqualTo(Math.max(0, testCase.path("untruncated_ids").size() - length));
            }
        }
        all.assertAll();
    }

    @ParameterizedTest
    @CsvSource({
        "'一只猫在草地上奔跑，阳光明媚。', true",
        "'Кот бежит по траве', true",
        "'A cat runs over the grass on a sunny day.', false",
        "'A cat named 猫 runs over the long green grass of the park on a bright and sunny day in early spring', false",
        "'', false"
    })
    void aPromptThatTheEncoderHardlyReadsIsKnown(String prompt, boolean hardly) throws IOException {
        try (PromptTokenizer tokenizer = PromptTokenizer.open(folder())) {
            assertThat(tokenizer.encode(prompt, 226).isHardlyRead()).isEqualTo(hardly);
        }
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

    /// What stands behind a whole model in the file adds to it.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "12 02 18 02", // trainer: BPE
                "12 03 98 02 01", // trainer: unknown characters become bytes
                "0A 00", // a piece without text
                "0A 05 0A 01 7E 18 07", // a piece of no known type
                "0A 05 0A 01 7E 18 00",
                "0A 03 0A 01 FF", // a piece that is not UTF-8
                "0A 05 0A 01 7E 10 00", // a score that is a whole number
                "0A 03 0A 02 7E", // a text longer than its piece
                "0B" // a group
            })
    void anotherKindOfModelIsOneClearError(String more) throws IOException {
        write(HexFormat.ofDelimiter(" ").parseHex(more));
        assertRefused(ProblemCode.CONFIG_INVALID);
    }

    /// The work at each character of a prompt is bounded by the longest piece.
    @ParameterizedTest
    @CsvSource({"256, true", "257, false"})
    void aPieceHasAtMost256Characters(int length, boolean taken) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(length + 6);
        piece.put(new byte[] {0x0A, (byte) (length + 3 & 0x7F | 0x80), (byte) (length + 3 >>> 7)});
        piece.put(new byte[] {0x0A, (byte) (length & 0x7F | 0x80), (byte) (length >>> 7)});
        while (piece.hasRemaining()) {
            piece.put((byte) '~');
        }
        write(piece.array());
        if (taken) {
            try (PromptTokenizer tokenizer = PromptTokenizer.open(temporary)) {
                assertThat(tokenizer.encode("~".repeat(length), 8).ids()).contains(1000);
            }
        } else {
            assertRefused(ProblemCode.CONFIG_INVALID);
        }
    }

    /// The memory is bounded.
    @Test
    void aVocabularyHasAtMostAMillionPieces() throws IOException {
        byte[] piece = HexFormat.of().parseHex("0A030A017E");
        int more = (1 << 20) - 1000;
        ByteBuffer pieces = ByteBuffer.allocate(more * piece.length);
        while (pieces.hasRemaining()) {
            pieces.put(piece);
        }
        Path file = write(pieces.array());
        assertThat(SentencePieceModel.read(file).pieces()).hasSize(1 << 20);
        Files.write(file, piece, StandardOpenOption.APPEND);
        assertThatThrownBy(() -> SentencePieceModel.read(file)).isInstanceOf(InvalidModelException.class);
    }

    private Path write(byte[] more) throws IOException {
        Path file = temporary.resolve("spiece.model");
        Files.copy(folder().resolve("spiece.model"), file);
        return Files.write(file, more, StandardOpenOption.APPEND);
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
