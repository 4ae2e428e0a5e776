package io.github.cogvideo4j.formats.problem;

import java.util.List;
import java.util.Locale;
import java.util.MissingResourceException;
import java.util.ResourceBundle;
import java.util.regex.Pattern;

/// A sentence for people, kept as a key and its arguments so that it can be said in every language we speak.
///
/// The key's first segment names the module whose bundle holds the text:
/// `formats.safetensors.header-too-large` is looked up in `io/github/cogvideo4j/formats/messages.properties`
/// and its translations. In the text, `{0}`, `{1}`, ... stand for the arguments; there is no other syntax,
/// and quotes need no doubling.
///
/// Arguments come from files, so their control characters are replaced before they reach a terminal or a log.
///
/// @param key       the bundle's key
/// @param arguments what fills the placeholders, already as text
public record Message(String key, List<String> arguments) {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\d)(?:\\|([^|{}]*)\\|([^|{}]*))?}");
    private static final int LONGEST_ARGUMENT = 2_000;

    /// Copies the arguments.
    public Message {
        arguments = List.copyOf(arguments);
    }

    /// A message from a bundle key and values, each taken by its `toString()`.
    public static Message of(String key, Object... arguments) {
        return new Message(
                key,
                List.of(arguments).stream()
                        .map(Object::toString)
                        .map(Message::clean)
                        .toList());
    }

    /// The sentence in one language; English where the bundle has no translation.
    public String text(Locale locale) {
        String pattern;
        try {
            pattern = bundle(locale).getString(key);
        } catch (MissingResourceException e) {
            return key + arguments;
        }
        return PLACEHOLDER.matcher(pattern).replaceAll(match -> {
            int index = Integer.parseInt(match.group(1));
            String value = index < arguments.size() ? arguments.get(index) : match.group();
            if (match.group(2) != null) {
                value = value.equals("1") ? match.group(2) : match.group(3);
            }
            return java.util.regex.Matcher.quoteReplacement(value);
        });
    }

    /// The sentence in English.
    public String text() {
        return text(Locale.ENGLISH);
    }

    /// Whether a bundle has the sentence.
    public boolean exists() {
        return bundle(Locale.ENGLISH).containsKey(key);
    }

    private ResourceBundle bundle(Locale locale) {
        String module = key.substring(0, Math.max(0, key.indexOf('.')));
        return ResourceBundle.getBundle(
                "io.github.cogvideo4j." + module + ".messages",
                locale,
                ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES));
    }

    /// Replaces control characters, line separators and bidirectional overrides, which could forge a
    /// terminal's output, and cuts what is too long to read.
    public static String clean(String untrusted) {
        StringBuilder text = new StringBuilder(Math.min(untrusted.length(), LONGEST_ARGUMENT));
        untrusted
                .codePoints()
                .limit(LONGEST_ARGUMENT)
                .map(c -> isForgery(c) ? 0xFFFD : c)
                .forEach(text::appendCodePoint);
        return untrusted.codePointCount(0, untrusted.length()) > LONGEST_ARGUMENT
                ? text.append('…').toString()
                : text.toString();
    }

    private static boolean isForgery(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> true;
            default -> false;
        };
    }
}
