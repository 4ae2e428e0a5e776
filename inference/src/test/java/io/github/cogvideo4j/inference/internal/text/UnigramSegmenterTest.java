package io.github.cogvideo4j.inference.internal.text;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.sentencepiece.SpTokenizer;
import io.github.cogvideo4j.inference.internal.text.SentencePieceModel.Piece;
import io.github.cogvideo4j.inference.internal.text.SentencePieceModel.PieceType;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The cut of a text against every other cut of it, and against the library's.
class UnigramSegmenterTest {
    private static final int UNKNOWN = 0;
    private static final int ROUNDS = 2_000;

    /// Scores of few digits have many ties and near ties. No piece knows the last character, and its row of two
    /// halves must not come apart.
    @Test
    void noCutHasALargerSum() {
        Random random = new Random(20);
        String[] alphabet = {"a", "b", "é", "🐼"};
        for (int round = 0; round < ROUNDS; round++) {
            List<Piece> pieces = new ArrayList<>();
            pieces.add(new Piece("<unk>", 0, PieceType.UNKNOWN));
            for (int i = 0; i < 12; i++) {
                String text = text(random, alphabet, 3, 1 + random.nextInt(4));
                if (pieces.stream().noneMatch(piece -> piece.text().equals(text))) {
                    pieces.add(new Piece(text, -random.nextInt(1, 40) / 10f, PieceType.NORMAL));
                }
            }
            String text = text(random, alphabet, alphabet.length, random.nextInt(1, 10));
            List<Integer> ids = new UnigramSegmenter(pieces).ids(text);
            assertThat(sumOf(ids, text, pieces)).as(text).isEqualTo(largestSum(text, 0, pieces));
        }
    }

    /// Rounding to fp32 keeps order, so the best sum so far can only become the best sum.
    @Test
    void theLibrarysCutHasNoLargerSum() throws IOException {
        SentencePieceModel model = SentencePieceModel.read(Resources.golden("pipelines/t2v-2b/tokenizer/spiece.model"));
        List<Piece> pieces = model.pieces();
        UnigramSegmenter segmenter = new UnigramSegmenter(pieces);
        Random random = new Random(21);
        int same = 0;
        try (SpTokenizer library = new SpTokenizer(model.bytes())) {
            for (int round = 0; round < ROUNDS; round++) {
                StringBuilder chosen = new StringBuilder();
                for (int i = random.nextInt(1, 40); i > 0; i--) {
                    Piece piece = pieces.get(random.nextInt(pieces.size()));
                    chosen.append(
                            piece.type() == PieceType.NORMAL ? piece.text().replace('▁', ' ') : "");
                }
                String text = chosen.toString();
                String normalized = String.join("", library.getProcessor().tokenize(text));
                List<Integer> theirs = Arrays.stream(library.getProcessor().encode(text))
                        .boxed()
                        .toList();
                List<Integer> ours = segmenter.ids(normalized);
                if (ours.equals(theirs)) {
                    same++;
                } else {
                    assertThat(textOf(ours, pieces)).isEqualTo(normalized);
                    assertThat(sum(ours, pieces)).as(text).isGreaterThanOrEqualTo(sum(theirs, pieces));
                }
            }
        }
        assertThat(same).isGreaterThan(ROUNDS * 99 / 100);
    }

    @Test
    void aPieceOfTheUsersIsKeptAndAnUnusedOneIsNot() {
        List<Piece> pieces = List.of(
                new Piece("<unk>", 0, PieceType.UNKNOWN),
                new Piece("a", -1, PieceType.NORMAL),
                new Piece("b", -1, PieceType.NORMAL),
                new Piece("ab", -9, PieceType.USER_DEFINED),
                new Piece("ba", 0, PieceType.UNUSED),
                new Piece("aa", 0, PieceType.CONTROL));
        UnigramSegmenter segmenter = new UnigramSegmenter(pieces);
        assertThat(segmenter.ids("aabbaa")).containsExactly(1, 3, 2, 1, 1);
        assertThat(segmenter.ids("")).isEmpty();
    }

    @Test
    void aRowOfUnknownCharactersIsOneToken() {
        UnigramSegmenter segmenter = new UnigramSegmenter(
                List.of(new Piece("<unk>", 0, PieceType.UNKNOWN), new Piece("a", -1, PieceType.NORMAL)));
        assertThat(segmenter.ids("🐼é🐼aa🐼")).containsExactly(UNKNOWN, 1, 1, UNKNOWN);
    }

    private static String text(Random random, String[] alphabet, int letters, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(alphabet[random.nextInt(letters)]);
        }
        return text.toString();
    }

    private static float largestSum(String text, float before, List<Piece> pieces) {
        if (text.isEmpty()) {
            return before;
        }
        float largest = Float.NEGATIVE_INFINITY;
        String character = text.substring(0, Character.charCount(text.codePointAt(0)));
        if (pieces.stream().noneMatch(piece -> piece.text().equals(character))) {
            largest = largestSum(text.substring(character.length()), before + unknownScore(pieces), pieces);
        }
        for (Piece piece : pieces.subList(1, pieces.size())) {
            if (text.startsWith(piece.text())) {
                largest = Math.max(
                        largest, largestSum(text.substring(piece.text().length()), before + piece.score(), pieces));
            }
        }
        return largest;
    }

    /// The largest sum that a cut may have, along the text: one token may be any number of unknown characters.
    private static float sumOf(List<Integer> ids, String text, List<Piece> pieces) {
        return sumOf(ids, text, 0, pieces);
    }

    private static float sumOf(List<Integer> ids, String text, float before, List<Piece> pieces) {
        if (ids.isEmpty() || text.isEmpty()) {
            return ids.isEmpty() && text.isEmpty() ? before : Float.NEGATIVE_INFINITY;
        }
        List<Integer> later = ids.subList(1, ids.size());
        if (ids.getFirst() != UNKNOWN) {
            Piece piece = pieces.get(ids.getFirst());
            return text.startsWith(piece.text())
                    ? sumOf(later, text.substring(piece.text().length()), before + piece.score(), pieces)
                    : Float.NEGATIVE_INFINITY;
        }
        String rest = text.substring(Character.charCount(text.codePointAt(0)));
        float sum = before + unknownScore(pieces);
        return Math.max(sumOf(later, rest, sum, pieces), sumOf(ids, rest, sum, pieces));
    }

    private static float unknownScore(List<Piece> pieces) {
        float least = Float.MAX_VALUE;
        for (Piece piece : pieces.subList(1, pieces.size())) {
            least = Math.min(least, piece.score());
        }
        return least - 10;
    }

    private static float sum(List<Integer> ids, List<Piece> pieces) {
        float sum = 0;
        for (int id : ids) {
            sum += pieces.get(id).score();
        }
        return sum;
    }

    private static String textOf(List<Integer> ids, List<Piece> pieces) {
        StringBuilder text = new StringBuilder();
        ids.forEach(id -> text.append(pieces.get(id).text()));
        return text.toString();
    }
}
