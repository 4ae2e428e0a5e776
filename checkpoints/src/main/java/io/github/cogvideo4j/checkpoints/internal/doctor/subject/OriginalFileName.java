package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import java.util.Locale;
import java.util.regex.Pattern;

/// A file name as it was before a browser or a desktop touched it: without the `(1)` of a second download or
/// the ` - Copy` of a copied file, in small letters.
///
/// @param original the name as it is
/// @param value    the name as it was
public record OriginalFileName(String original, String value) {
    private static final Pattern ADDED = Pattern.compile("\\s*\\(\\d{1,3}\\)|\\s+-\\s+[Cc]opy\\b");

    /// Tidies a name.
    public static OriginalFileName of(String name) {
        return new OriginalFileName(
                name, ADDED.matcher(name).replaceAll("").strip().toLowerCase(Locale.ROOT));
    }

    /// Whether the name is tidy already.
    public boolean isTidy() {
        return original.equals(value);
    }
}
