package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// The tokens that are words of their own wherever they stand in a prompt (`</s>`, `<extra_id_0>`): the text
/// is cut at them before it is tokenized.
///
/// Source: `added_tokens_decoder` in `tokenizer_config.json`; where that is absent `added_tokens.json` and
/// T5's three.
final class SpecialTokens {
    private static final long LONGEST_FILE = 1 << 20;
    private static final int MAX_TOKENS = 1 << 12;
    private static final int LONGEST_TOKEN = 1 << 8;
    private static final Map<String, Token> OF_T5 = Map.of(
            "<pad>",
            new Token(0, false, false),
            "</s>",
            new Token(1, false, false),
            "<unk>",
            new Token(2, false, false));

    /// A special token.
    ///
    /// @param id          its number
    /// @param stripsLeft  whether it takes the white space before it away
    /// @param stripsRight the same after it
    record Token(int id, boolean stripsLeft, boolean stripsRight) {}

    private final Map<String, Token> tokens;
    private final Pattern pattern;

    private SpecialTokens(Map<String, Token> tokens) {
        this.tokens = tokens;
        this.pattern = Pattern.compile(tokens.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
    }

    /// Reads a tokenizer's folder.
    static SpecialTokens read(Path folder) throws IOException {
        Path config = folder.resolve("tokenizer_config.json");
        if (Files.isRegularFile(config)) {
            JsonNode decoder = JsonFile.readObject(config, LONGEST_FILE, ProblemCode.CONFIG_INVALID)
                    .path("added_tokens_decoder");
            if (decoder.isObject() && !decoder.isEmpty()) {
                return new SpecialTokens(byNumber(config, decoder));
            }
        }
        Map<String, Token> tokens = new HashMap<>(OF_T5);
        Path added = folder.resolve("added_tokens.json");
        if (Files.isRegularFile(added)) {
            tokens.putAll(byText(added, JsonFile.readObject(added, LONGEST_FILE, ProblemCode.CONFIG_INVALID)));
        }
        return new SpecialTokens(tokens);
    }

    /// `{"1000": {"content": "<extra_id_99>", "lstrip": true, "rstrip": true}}`
    private static Map<String, Token> byNumber(Path file, JsonNode decoder) {
        Map<String, Token> tokens = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : decoder.properties()) {
            JsonNode token = entry.getValue();
            if (!entry.getKey().matches("\\d{1,7}") || !token.path("content").isString()) {
                throw invalid(file, entry.getKey());
            }
            add(
                    file,
                    tokens,
                    token.path("content").stringValue(),
                    new Token(
                            Integer.parseInt(entry.getKey()),
                            token.path("lstrip").asBoolean(false),
                            token.path("rstrip").asBoolean(false)));
        }
        return tokens;
    }

    /// `{"<extra_id_99>": 1000}`; such a token strips on both sides.
    private static Map<String, Token> byText(Path file, JsonNode numbers) {
        Map<String, Token> tokens = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : numbers.properties()) {
            if (!entry.getValue().isInt() || entry.getValue().intValue() < 0) {
                throw invalid(file, entry.getKey());
            }
            add(file, tokens, entry.getKey(), new Token(entry.getValue().intValue(), true, true));
        }
        return tokens;
    }

    private static void add(Path file, Map<String, Token> tokens, String text, Token token) {
        if (text.isEmpty() || text.length() > LONGEST_TOKEN || tokens.size() >= MAX_TOKENS) {
            throw invalid(file, text);
        }
        tokens.put(text, token);
    }

    private static InvalidModelException invalid(Path file, String entry) {
        return new InvalidModelException(
                ProblemCode.CONFIG_INVALID, Place.of(file), "inference.text.special-token", entry);
    }

    /// The largest number of a special token.
    int largestId() {
        return tokens.values().stream().mapToInt(Token::id).max().orElse(0);
    }

    /// Finds them in a text.
    Pattern pattern() {
        return pattern;
    }

    /// The token of a text that the pattern found.
    Token get(String text) {
        Token token = tokens.get(text);
        if (token == null) {
            throw new IllegalArgumentException(text);
        }
        return token;
    }
}
