package io.github.cogvideo4j.cli.console;

/// The word before a line that says what kind of line it is.
public enum Label {
    /// Why a run failed.
    ERROR("cli.label.error", 31),
    /// What to do about it.
    HINT("cli.label.hint", 36),
    /// Something that is wrong with what was examined.
    PROBLEM("cli.label.problem", 31),
    /// Something that may be wrong.
    WARNING("cli.label.warning", 33),
    /// Something worth knowing.
    NOTE("cli.label.note", 36);

    private final String key;
    private final int colour;

    Label(String key, int colour) {
        this.key = key;
        this.colour = colour;
    }

    String key() {
        return key;
    }

    /// The number of the colour among those of ANSI terminals.
    int colour() {
        return colour;
    }
}
