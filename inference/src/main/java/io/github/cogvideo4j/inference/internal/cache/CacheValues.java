package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/// The values that a step cache was given, read by the names of its settings. A name may be written with dashes
/// or underscores; an unknown setting is refused.
final class CacheValues {
    private final String cache;
    private final Map<String, String> given = new TreeMap<>();
    private final TreeSet<String> known = new TreeSet<>();

    CacheValues(String cache, Map<String, String> values) {
        this.cache = cache;
        values.forEach((key, value) -> given.put(normal(key), value.strip()));
    }

    private static String normal(String key) {
        return key.strip().toLowerCase(Locale.ROOT).replace('-', '_');
    }

    boolean hasAny(String... keys) {
        known.addAll(List.of(keys));
        return Arrays.stream(keys).anyMatch(given::containsKey);
    }

    double number(String key, double otherwise, double least, double most) {
        return read(key, text -> number(key, text, least, most)).orElse(otherwise);
    }

    int count(String key, int otherwise, int least) {
        return count(key, otherwise, least, Integer.MAX_VALUE);
    }

    int count(String key, int otherwise, int least, int most) {
        return read(key, text -> count(key, text, least, most)).orElse(otherwise);
    }

    OptionalInt count(String key, int least) {
        return read(key, text -> count(key, text, least, Integer.MAX_VALUE))
                .map(OptionalInt::of)
                .orElseGet(OptionalInt::empty);
    }

    private int count(String key, String text, int least, int most) {
        double value = number(key, text, least, most);
        if (value != Math.rint(value)) {
            throw refused(key, text, ">= " + least);
        }
        return (int) value;
    }

    /// Two numbers: `100..800`.
    Range range(String key, double from, double to) {
        return read(key, text -> {
                    int dots = text.indexOf("..", 1);
                    if (dots < 0) {
                        throw refused(key, text, "100..800");
                    }
                    double first = number(key, text.substring(0, dots));
                    double last = number(key, text.substring(dots + 2));
                    if (first > last) {
                        throw refused(key, text, "100..800");
                    }
                    return new Range(first, last);
                })
                .orElse(new Range(from, to));
    }

    /// Numbers with slashes between: `1.0/0.98/1.3`.
    Optional<List<Double>> numbers(String key) {
        return read(key, text -> {
            List<Double> numbers = new ArrayList<>();
            for (String part : text.split("/", -1)) {
                numbers.add(number(key, part));
            }
            return List.copyOf(numbers);
        });
    }

    boolean flag(String key) {
        return word(key, "false", Map.of("true", true, "1", true, "false", false, "0", false));
    }

    /// One of a few words, in any case.
    <T> T word(String key, String otherwise, Map<String, T> words) {
        String text = read(key, Function.identity()).orElse(otherwise);
        T value = words.get(text.toLowerCase(Locale.ROOT));
        if (value == null) {
            throw refused(key, text, new TreeSet<>(words.keySet()));
        }
        return value;
    }

    /// Words with slashes between.
    Optional<List<String>> words(String key) {
        return read(
                key,
                text -> Arrays.stream(text.split("/", -1)).map(String::strip).toList());
    }

    /// Refuses unknown settings.
    void requireAllKnown() {
        for (String key : given.keySet()) {
            if (!known.contains(key)) {
                throw problem("inference.cache.key", cache, key, known);
            }
        }
    }

    private <T> Optional<T> read(String key, Function<String, T> reader) {
        known.add(key);
        return Optional.ofNullable(given.get(key)).map(reader);
    }

    private double number(String key, String text, double least, double most) {
        double value = number(key, text);
        if (value < least || value > most) {
            throw refused(
                    key, text, most == Integer.MAX_VALUE ? ">= " + plain(least) : plain(least) + " - " + plain(most));
        }
        return value;
    }

    private static String plain(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }

    private double number(String key, String text) {
        try {
            double value = Double.parseDouble(text);
            if (Double.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw refused(key, text, List.of("0.05", "1.3"));
    }

    InvalidRequestException refused(String key, String text, Object allowed) {
        return problem("inference.cache.value", cache, key, text, allowed);
    }

    static InvalidRequestException problem(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }
}
