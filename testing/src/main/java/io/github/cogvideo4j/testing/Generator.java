package io.github.cogvideo4j.testing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;

/// Random test data that a seed decides completely. Ends of ranges, zero and empty values come up far more often
/// than chance would have it, because that is where code breaks.
public final class Generator {
    /// Characters that quoting, escaping and encodings stumble over.
    private static final List<String> TRICKY =
            List.of("\"", "'", "\\", "\n", "\0", "\u007f", "\u0130", "权", "\ud83d\ude00", "\ufeff", "/", ".", "-", "_");

    private final long seed;
    private final Random random;

    public Generator(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
        // The first draws of `Random` from seeds side by side are alike.
        random.nextLong();
        random.nextLong();
    }

    /// A source of uniform numbers with a seed of its own, for what takes a `Random`.
    public Random random() {
        return new Random(random.nextLong());
    }

    /// An integer of the range, both ends included.
    public int integer(int min, int max) {
        return (int) longInteger(min, max);
    }

    /// An integer of the range, both ends included.
    public long longInteger(long min, long max) {
        if (random.nextInt(5) == 0) {
            long edge = of(min, max, 0L, 1L, -1L);
            if (edge >= min && edge <= max) {
                return edge;
            }
        }
        return max == Long.MAX_VALUE ? Math.max(min, random.nextLong()) : random.nextLong(min, max + 1);
    }

    /// Any 32 bits.
    public int bits() {
        return random.nextInt(5) == 0
                ? of(0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << random.nextInt(32))
                : random.nextInt();
    }

    /// Any 64 bits.
    public long longBits() {
        return random.nextLong();
    }

    /// A number of the range, of any magnitude down to the smallest.
    public double real(double min, double max) {
        double value = switch (random.nextInt(5)) {
            case 0 -> of(min, max, 0.0, -0.0, 1.0, -1.0, Double.MIN_VALUE);
            case 1, 2 -> Double.longBitsToDouble(random.nextLong());
            default -> random.nextDouble(min, max);
        };
        return value >= min && value <= max ? value : random.nextDouble(min, max);
    }

    /// Truth or its contrary.
    public boolean bool() {
        return random.nextBoolean();
    }

    /// One of these values.
    @SafeVarargs
    public final <T> T of(T... values) {
        return values[random.nextInt(values.length)];
    }

    /// One of these values.
    public <T> T of(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    /// Bytes, as many as the range says.
    public byte[] bytes(int min, int max) {
        byte[] bytes = new byte[integer(min, max)];
        random.nextBytes(bytes);
        return bytes;
    }

    /// A list, with as many elements as the range says.
    public <T> List<T> list(int min, int max, Supplier<T> element) {
        List<T> list = new ArrayList<>();
        for (int left = integer(min, max); left > 0; left--) {
            list.add(element.get());
        }
        return list;
    }

    /// A list of at most so many elements, of which no two have the same key.
    public <T, K> List<T> distinct(int max, Function<T, K> key, Supplier<T> element) {
        Map<K, T> byKey = new LinkedHashMap<>();
        for (T candidate : list(0, max, element)) {
            byKey.putIfAbsent(key.apply(candidate), candidate);
        }
        return new ArrayList<>(byKey.values());
    }

    /// A text of at most so many code points, of any script. It can be encoded: it has no half of a pair.
    public String text(int max) {
        return String.join("", list(0, max, this::character));
    }

    private String character() {
        return switch (random.nextInt(4)) {
            case 0 -> of(TRICKY);
            case 1, 2 -> Character.toString(random.nextInt(0x20, 0x7F));
            default -> {
                int code = random.nextInt(Character.MAX_CODE_POINT + 1);
                yield code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE
                        ? "?"
                        : Character.toString(code);
            }
        };
    }

    @Override
    public String toString() {
        return Long.toString(seed);
    }
}
