package io.github.cogvideo4j.formats.index;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The most that one shard may hold, in bytes.
///
/// @param bytes the limit, at least 1
public record ShardSize(long bytes) {
    private static final Pattern TEXT =
            Pattern.compile("\\s*([0-9]+\\.?[0-9]*|\\.[0-9]+)\\s*([KMGT]B)\\s*", Pattern.CASE_INSENSITIVE);

    /// Decimal units, as huggingface_hub has them.
    private static final Map<String, Double> UNITS = Map.of("KB", 1e3, "MB", 1e6, "GB", 1e9, "TB", 1e12);

    /// Checks that the limit is positive.
    public ShardSize {
        if (bytes < 1) {
            throw new IllegalArgumentException("shard size " + bytes);
        }
    }

    /// Reads a size as huggingface_hub spells it: a number, a decimal unit (`KB MB GB TB`, in any case), spaces
    /// as one likes. `5GB` is 5,000,000,000 bytes. `5GiB`, `5B` and a bare number are no sizes, nor is one
    /// below a byte or beyond 2^63 - 1.
    ///
    /// The product is taken in floating point and cut, as there, so that both agree on `2.3GB`.
    public static Optional<ShardSize> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        double unit = UNITS.getOrDefault(matcher.group(2).toUpperCase(Locale.ROOT), 0.0);
        double bytes = Double.parseDouble(matcher.group(1)) * unit;
        return bytes >= 1 && bytes < 0x1p63 ? Optional.of(new ShardSize((long) bytes)) : Optional.empty();
    }
}
