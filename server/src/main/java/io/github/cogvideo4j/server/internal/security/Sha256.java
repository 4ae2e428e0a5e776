package io.github.cogvideo4j.server.internal.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// The SHA-256 of texts.
public final class Sha256 {
    private Sha256() {}

    /// The hash of a text in UTF-8.
    public static byte[] of(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /// The same in lowercase hexadecimal.
    public static String hex(String text) {
        return HexFormat.of().formatHex(of(text));
    }
}
