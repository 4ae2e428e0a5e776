package io.github.cogvideo4j.checkpoints.inspect.compare;

import java.util.Locale;

/// Relative changes as people read them: three digits that count, from `0.0012%` to `340%`.
public final class Percent {
    private Percent() {}

    /// A share as text.
    public static String of(double share) {
        if (Double.isNaN(share)) {
            return "NaN";
        }
        if (Double.isInfinite(share)) {
            return "∞";
        }
        double percent = share * 100;
        if (percent == 0) {
            return "0%";
        }
        int digits = 2 - (int) Math.floor(Math.log10(Math.abs(percent)));
        return digits > 6
                ? String.format(Locale.ROOT, "%.1e%%", percent)
                : String.format(Locale.ROOT, "%." + Math.max(0, digits) + "f%%", percent);
    }
}
