package io.github.cogvideo4j.cli.arguments;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import picocli.CommandLine.ITypeConverter;

/// Converts a word that is one of a few. A choice may have other spellings, which are accepted without being
/// shown.
///
/// @param <T> what the words stand for
public abstract class ChoiceConverter<T> implements ITypeConverter<T>, Iterable<String> {
    private final Map<String, T> shown;
    private final Map<String, T> accepted;

    /// @param shown the words, in lower case, in the order in which help and errors list them
    /// @param also  further spellings, in lower case
    protected ChoiceConverter(SequencedMap<String, T> shown, Map<String, T> also) {
        this.shown = new LinkedHashMap<>(shown);
        this.accepted = new LinkedHashMap<>(also);
        this.accepted.putAll(shown);
    }

    /// A converter for an enum whose constants, in lower case, are the words.
    ///
    /// @param constants the constants
    /// @param also      further spellings, in lower case
    protected ChoiceConverter(T[] constants, Map<String, T> also) {
        this(byName(constants), also);
    }

    private static <T> SequencedMap<String, T> byName(T[] constants) {
        SequencedMap<String, T> words = new LinkedHashMap<>();
        for (T constant : constants) {
            words.put(constant.toString().toLowerCase(Locale.ROOT), constant);
        }
        return words;
    }

    @Override
    public final T convert(String value) {
        T choice = accepted.get(value.toLowerCase(Locale.ROOT));
        if (choice == null) {
            throw new WrongValueException("cli.usage.choice", value, String.join(", ", shown.keySet()));
        }
        return choice;
    }

    /// The words, for picocli's `${COMPLETION-CANDIDATES}`.
    @Override
    public final Iterator<String> iterator() {
        return shown.keySet().iterator();
    }
}
