package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.internal.text.SentencePieceModel.Piece;
import io.github.cogvideo4j.inference.internal.text.SentencePieceModel.PieceType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/// The segmentation of a normalized text into the pieces whose scores have the largest sum: the Viterbi search over a
/// unigram language model.
///
/// The library does this too, and differs where several cuts are equally likely (a long row of dots). Rounding
/// decides there: the library at hand holds sums in fp64 against sums kept in fp32, the reference's newer one
/// fp32 against fp32. Which of two sums is larger is part of the tokens that a model was conditioned on, so it
/// is decided here, in fp32: sums run from the text's start, and of equal ones the one whose last piece is the
/// longest stays.
///
/// The work is that of the text's length times that of the longest piece.
///
/// Source: `Model::EncodeOptimized` of SentencePiece's unigram model, and release 0.2.2, as observed, for
/// the fp32 sums and the scores of user-defined pieces.
final class UnigramSegmenter {
    /// How much less than the least likely piece an unknown character scores.
    private static final float UNKNOWN_PENALTY = 10;

    /// What a user-defined piece scores for each byte after its first, whatever the file says: more than any
    /// row of likely pieces.
    private static final float USER_DEFINED_BONUS = 0.1f;

    private record Entry(String text, int id, float score) {}

    /// In the order of their texts: those that begin alike are neighbours, the shortest first.
    private final List<Entry> entries;

    private final Entry unknown;

    UnigramSegmenter(List<Piece> pieces) {
        float least = Float.MAX_VALUE;
        int unknownId = 0;
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            if (piece.type() == PieceType.NORMAL) {
                least = Math.min(least, piece.score());
            } else if (piece.type() == PieceType.UNKNOWN) {
                unknownId = id;
            }
        }
        List<Entry> found = new ArrayList<>();
        for (int id = 0; id < pieces.size(); id++) {
            Piece piece = pieces.get(id);
            if (piece.type() == PieceType.NORMAL) {
                found.add(new Entry(piece.text(), id, piece.score()));
            } else if (piece.type() == PieceType.USER_DEFINED) {
                int length = piece.text().getBytes(StandardCharsets.UTF_8).length;
                found.add(new Entry(piece.text(), id, length * USER_DEFINED_BONUS - USER_DEFINED_BONUS));
            }
        }
        found.sort(Comparator.comparing(Entry::text));
        this.entries = List.copyOf(found);
        this.unknown = new Entry("", unknownId, least - UNKNOWN_PENALTY);
    }

    /// The number that stands for characters without a piece.
    int unknown() {
        return unknown.id();
    }

    /// The numbers of a text's pieces; a row of unknown characters is one.
    List<Integer> ids(String normalized) {
        BestPaths best = new BestPaths(normalized.length());
        int start = 0;
        while (start < normalized.length()) {
            int next = start + Character.charCount(normalized.codePointAt(start));
            if (!offerPieces(normalized, start, next, best)) {
                best.offer(start, next, unknown);
            }
            start = next;
        }
        return best.ids(unknown.id());
    }

    /// Offers every piece that the text goes on with, and says whether its next character is one.
    private boolean offerPieces(String text, int start, int next, BestPaths best) {
        boolean single = false;
        int from = 0;
        int to = entries.size();
        for (int end = start; end < text.length() && from < to; end++) {
            from = firstAtLeast(text.charAt(end), end - start, from, to);
            to = firstAtLeast(text.charAt(end) + 1, end - start, from, to);
            if (from < to && entries.get(from).text().length() == end + 1 - start) {
                best.offer(start, end + 1, entries.get(from));
                single |= end + 1 == next;
            }
        }
        return single;
    }

    /// Among entries that are the same before an index, the first with this character or a later one there.
    private int firstAtLeast(int character, int index, int from, int to) {
        int low = from;
        int high = to;
        while (low < high) {
            int middle = (low + high) >>> 1;
            String text = entries.get(middle).text();
            if (text.length() <= index || text.charAt(index) < character) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// The best way to every place in a text: its sum, and the piece that it ends with.
    private static final class BestPaths {
        private static final int NONE = -1;

        private final float[] sums;
        private final int[] starts;
        private final int[] ids;

        BestPaths(int length) {
            sums = new float[length + 1];
            starts = new int[length + 1];
            ids = new int[length + 1];
            Arrays.fill(starts, NONE);
        }

        void offer(int start, int end, Entry piece) {
            float sum = sums[start] + piece.score();
            if (starts[end] == NONE || sum > sums[end]) {
                sums[end] = sum;
                starts[end] = start;
                ids[end] = piece.id();
            }
        }

        /// The pieces of the way to the end, in the text's order.
        List<Integer> ids(int unknown) {
            List<Integer> result = new ArrayList<>();
            for (int end = starts.length - 1; end > 0; end = starts[end]) {
                if (ids[end] != unknown || result.isEmpty() || result.getLast() != unknown) {
                    result.add(ids[end]);
                }
            }
            Collections.reverse(result);
            return result;
        }
    }
}
