package io.github.cogvideo4j.cli.console;

import java.util.Locale;

/// Sizes for people, in decimal units as Hugging Face shows them.
public final class ByteSize {
    private static final String[] UNITS = {"kB", "MB", "GB", "TB"};

    private ByteSize() {}

    /// `512 B`, `1.5 MB`, `11.3 GB`.
    public static String of(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 999.95 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }
}
