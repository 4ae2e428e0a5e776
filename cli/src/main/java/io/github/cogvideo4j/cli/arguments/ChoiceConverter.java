package io.github.cogvideo4j.cli.arguments;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;

/// A converter of the words of an enum that has more spellings than picocli knows by itself: those are accepted without
/// being shown. An enum without such spellings needs no converter, only a `toString()` that gives the word.
///
/// @param <E> what the words stand for
public abstract class ChoiceConverter<E extends Enum<E>> implements ITypeConverter<E>, Iterable<String> {
    /// How Python spells a type: `torch.bfloat16`.
    private static final String TORCH = "torch.";

    private final Map<String, E> shown = new LinkedHashMap<>();
    private final Map<String, E> accepted;

    /// @param constants the constants, whose names in lower case are the words
    /// @param also      further spellings, in lower case
    protected ChoiceConverter(E[] constants, Map<String, E> also) {
        for (E constant : constants) {
            shown.put(constant.name().toLowerCase(Locale.ROOT), constant);
        }
        accepted = new LinkedHashMap<>(also);
        accepted.putAll(shown);
    }

    @Override
    public final E convert(String value) {
        String word = value.toLowerCase(Locale.ROOT);
        E choice = accepted.get(word.startsWith(TORCH) ? word.substring(TORCH.length()) : word);
        if (choice == null) {
            throw new WrongValueException("cli.usage.choice", value, shown.keySet());
        }
        return choice;
    }

    /// The words, for picocli's `${COMPLETION-CANDIDATES}`.
    @Override
    public final Iterator<String> iterator() {
        return shown.keySet().iterator();
    }
}
