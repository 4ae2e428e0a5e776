package io.github.cogvideo4j.formats.internal;

import java.util.Comparator;

/// The order of strings by code points, which is the order of their UTF-8 bytes and of Python's `sorted`.
/// [String#compareTo] differs: it puts surrogates, and so everything beyond U+FFFF, before U+E000..U+FFFF.
public enum CodePointOrder implements Comparator<String> {
    /// The one instance.
    INSTANCE;

    @Override
    public int compare(String left, String right) {
        int shorter = Math.min(left.length(), right.length());
        for (int i = 0; i < shorter; i++) {
            char a = left.charAt(i);
            char b = right.charAt(i);
            if (a != b) {
                boolean surrogate = Character.isSurrogate(a);
                return surrogate == Character.isSurrogate(b) ? Character.compare(a, b) : (surrogate ? 1 : -1);
            }
        }
        return Integer.compare(left.length(), right.length());
    }
}
