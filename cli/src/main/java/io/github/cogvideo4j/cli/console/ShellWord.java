package io.github.cogvideo4j.cli.console;

import java.nio.file.Path;
import java.util.regex.Pattern;

/// A word of a command that is printed to be copied: quoted so that a shell takes it as it is.
public final class ShellWord {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

    private ShellWord() {}

    /// A path. One that begins with a dash is said from the current folder, as no option does.
    public static String of(Path path) {
        String text = path.toString();
        return of(text.startsWith("-") ? "./" + text : text);
    }

    /// Any text.
    public static String of(String text) {
        return PLAIN.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
