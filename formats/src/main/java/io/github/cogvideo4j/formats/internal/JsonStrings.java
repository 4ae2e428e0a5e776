package io.github.cogvideo4j.formats.internal;

import java.util.HexFormat;

/// Writes JSON strings exactly as the two reference writers do.
public enum JsonStrings {
    /// As `serde_json` writes them: control characters below U+0020 are escaped, everything else stays as it
    /// is.
    UTF_8,
    /// As Python's `json.dumps` writes them: whatever is not printable ASCII is escaped, U+007F included.
    ASCII;

    private static final HexFormat HEX = HexFormat.of();

    /// Appends the text, quoted.
    public void append(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\b' -> json.append("\\b");
                case '\f' -> json.append("\\f");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (c < ' ' || (this == ASCII && c > '~')) {
                        json.append("\\u").append(HEX.toHexDigits(c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
