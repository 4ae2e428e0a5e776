package io.github.cogvideo4j.inference.internal.text;

import ai.djl.sentencepiece.SpTokenizer;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;

/// T5's tokenizer: SentencePiece over the text between special tokens, an end token, and padding to a fixed
/// length. The library normalizes, [UnigramSegmenter] cuts. The numbers are those of `T5Tokenizer` of
/// transformers (the "legacy" behaviour, which CogVideoX was trained with).
public final class PromptTokenizer implements AutoCloseable {
    private static final int PAD = 0;
    private static final int END = 1;

    /// The longest prompt that is looked at, in characters: many hundred times what a model reads.
    private static final int LONGEST_PROMPT = 200_000;

    static {
        // The library would otherwise ask a metadata service who it runs for.
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.offline", "true");
    }

    private final SpTokenizer library;
    private final UnigramSegmenter segmenter;
    private final SpecialTokens special;
    private final int vocabulary;

    private PromptTokenizer(SpTokenizer library, SentencePieceModel model, SpecialTokens special) {
        this.library = library;
        this.segmenter = new UnigramSegmenter(model.pieces());
        this.special = special;
        this.vocabulary = Math.max(model.pieces().size(), special.largestId() + 1);
    }

    /// Opens a model's `tokenizer` folder.
    ///
    /// @throws InvalidModelException      `config-invalid` when `spiece.model` is no SentencePiece model
    /// @throws MissingCapabilityException `native-library` when SentencePiece does not load here
    public static PromptTokenizer open(Path folder) throws IOException {
        Path file = folder.resolve("spiece.model");
        SpecialTokens special = SpecialTokens.read(folder);
        SentencePieceModel model = SentencePieceModel.read(file);
        try {
            return new PromptTokenizer(new SpTokenizer(model.bytes()), model, special);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError | ExceptionInInitializerError | IllegalStateException e) {
            throw new MissingCapabilityException(
                    e,
                    ProblemCode.NATIVE_LIBRARY,
                    Place.nowhere(),
                    "inference.text.native-library",
                    String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            throw new InvalidModelException(
                    e,
                    ProblemCode.CONFIG_INVALID,
                    Place.of(file),
                    "inference.text.pieces",
                    String.valueOf(e.getMessage()));
        }
    }

    /// One more than the largest token.
    public int vocabulary() {
        return vocabulary;
    }

    /// The tokens of a prompt, cut or padded to a length.
    ///
    /// @param length how many tokens the result has, the end token included
    /// @throws InvalidRequestException when the prompt is beyond any use
    public TokenizedPrompt encode(String prompt, int length) {
        if (prompt.length() > LONGEST_PROMPT) {
            throw new InvalidRequestException(
                    ProblemCode.PROMPT, Place.nowhere(), "inference.text.long-prompt", prompt.length(), LONGEST_PROMPT);
        }
        List<Integer> tokens = tokens(prompt);
        int kept = Math.min(tokens.size(), length - 1);
        List<Integer> ids = new ArrayList<>(tokens.subList(0, kept));
        if (ids.isEmpty() || ids.getLast() != END) {
            ids.add(END);
        }
        while (ids.size() < length) {
            ids.add(PAD);
        }
        int unknown = Math.toIntExact(tokens.subList(0, kept).stream()
                .filter(token -> token == segmenter.unknown())
                .count());
        return new TokenizedPrompt(ids, tokens.size() - kept, kept, unknown);
    }

    private List<Integer> tokens(String prompt) {
        List<Integer> tokens = new ArrayList<>();
        Matcher matcher = special.pattern().matcher(prompt);
        int start = 0;
        boolean strip = false;
        while (matcher.find()) {
            SpecialTokens.Token token = special.get(matcher.group());
            addText(prompt.substring(start, matcher.start()), strip, token.stripsLeft(), tokens);
            tokens.add(token.id());
            start = matcher.end();
            strip = token.stripsRight();
        }
        addText(prompt.substring(start), strip, false, tokens);
        return tokens;
    }

    private void addText(String text, boolean stripStart, boolean stripEnd, List<Integer> tokens) {
        int start = 0;
        int end = text.length();
        while (stripStart && start < end && isWhiteSpace(text.charAt(start))) {
            start++;
        }
        while (stripEnd && end > start && isWhiteSpace(text.charAt(end - 1))) {
            end--;
        }
        if (start < end) {
            tokens.addAll(segmenter.ids(normalized(wellFormed(text.substring(start, end)))));
        }
    }

    /// A text as the model's pieces are written (one form for each character, `▁` for spaces). The library
    /// gives it only in pieces; whichever they are, together they are the whole.
    private String normalized(String text) {
        return String.join("", library.getProcessor().tokenize(text));
    }

    /// What Python's `strip` takes for white space.
    private static boolean isWhiteSpace(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    /// Halves of surrogate pairs cannot be encoded; they become question marks.
    private static String wellFormed(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        library.close();
    }
}
