package io.github.cogvideo4j.formats.problem;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.MissingResourceException;
import java.util.ResourceBundle;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A sentence for people, kept as a key and its arguments so that it can be said in every language we speak.
///
/// The key's first segment names the module whose bundle holds the text:
/// `formats.safetensors.header-too-large` is looked up in `io/github/cogvideo4j/formats/messages.properties`
/// and its translations. In the text, `{0}`, `{1}`, ... stand for the arguments; there is no other syntax,
/// and quotes need no doubling. An argument that is a list is joined as the language joins lists.
///
/// Arguments come from files, so their control characters are replaced before they reach a terminal or a log.
///
/// @param key       the bundle's key
/// @param arguments what fills the placeholders
public record Message(String key, List<Argument> arguments) {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\d)(?:\\|([^|{}]*)\\|([^|{}]*))?}");
    private static final int LONGEST_ARGUMENT = 2_000;
    private static final int FIRST = 4;

    /// Copies the arguments.
    public Message {
        arguments = List.copyOf(arguments);
    }

    /// A message from a bundle key and values: an [Argument] as it is, a message in the language of the whole, a
    /// collection as a list of its elements (numbers are sizes or strides and keep their brackets), anything else
    /// by its `toString()`.
    public static Message of(String key, Object... arguments) {
        return new Message(key, Stream.of(arguments).map(Message::argument).toList());
    }

    /// A list argument, which [#of] makes of a collection by itself.
    public static Argument list(Collection<?> elements) {
        return Items.of(elements, elements.size());
    }

    /// A list argument that names the first four elements and counts the others.
    public static Argument first(Collection<?> elements) {
        return Items.of(elements, FIRST);
    }

    private static Argument argument(Object value) {
        return switch (value) {
            case Argument argument -> argument;
            case Message part -> new Part(part);
            case Collection<?> elements when elements.stream().noneMatch(Number.class::isInstance) -> list(elements);
            default -> new Text(clean(value.toString()));
        };
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
            String value = index < arguments.size() ? arguments.get(index).text(locale) : match.group();
            if (match.group(2) != null) {
                value = value.equals("1") ? match.group(2) : match.group(3);
            }
            return Matcher.quoteReplacement(value);
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

    /// What fills a placeholder.
    public sealed interface Argument {
        /// The argument as it stands in a sentence of one language.
        String text(Locale locale);
    }

    private record Text(String text) implements Argument {
        @Override
        public String text(Locale locale) {
            return text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /// A sentence, or a part of one, within another.
    private record Part(Message message) implements Argument {
        @Override
        public String text(Locale locale) {
            return message.text(locale);
        }

        @Override
        public String toString() {
            return message.text();
        }
    }

    /// @param named the elements that are named
    /// @param more  how many are only counted
    private record Items(List<String> named, int more) implements Argument {
        /// What is too long to read is cut here as it is in a text.
        static Items of(Collection<?> elements, int most) {
            List<String> named = new ArrayList<>();
            int length = 0;
            for (Object element : elements) {
                String text = clean(element.toString());
                length += text.length();
                if (named.size() == most || (!named.isEmpty() && length > LONGEST_ARGUMENT)) {
                    break;
                }
                named.add(text);
            }
            return new Items(List.copyOf(named), elements.size() - named.size());
        }

        @Override
        public String text(Locale locale) {
            String list = named.stream()
                    .reduce((before, next) -> say("formats.list.next", before, next, locale))
                    .orElse("-");
            return more == 0 ? list : say("formats.list.more", list, String.valueOf(more), locale);
        }

        private static String say(String key, String before, String next, Locale locale) {
            return new Message(key, List.of(new Text(before), new Text(next))).text(locale);
        }

        @Override
        public String toString() {
            return text(Locale.ENGLISH);
        }
    }
}
