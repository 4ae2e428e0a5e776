package io.github.cogvideo4j.formats.internal;

import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/// JSON strings, and objects of strings, written exactly as the two reference writers do.
public enum JsonStrings {
    /// As `serde_json` writes them: control characters below U+0020 are escaped, everything else stays as it
    /// is.
    UTF_8(":"),
    /// As Python's `json.dumps` writes them: whatever is not printable ASCII is escaped, U+007F included.
    ASCII(": ");

    private static final HexFormat HEX = HexFormat.of();

    private final String colon;

    JsonStrings(String colon) {
        this.colon = colon;
    }

    /// Appends the members of an object of strings, sorted by their keys' code points, without the braces.
    ///
    /// @param newLine what stands before each member
    public void appendMembers(StringBuilder json, Map<String, String> members, String newLine) {
        Map<String, String> sorted = new TreeMap<>(CodePointOrder.INSTANCE);
        sorted.putAll(members);
        String separator = newLine;
        for (Map.Entry<String, String> member : sorted.entrySet()) {
            json.append(separator);
            append(json, member.getKey());
            json.append(colon);
            append(json, member.getValue());
            separator = "," + newLine;
        }
    }

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
