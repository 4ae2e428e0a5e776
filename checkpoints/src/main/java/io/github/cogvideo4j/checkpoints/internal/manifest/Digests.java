package io.github.cogvideo4j.checkpoints.internal.manifest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/// SHA-256 of bytes and files.
public final class Digests {
    private static final int BUFFER_BYTES = 1 << 20;

    private Digests() {}

    /// A new digest.
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /// The hash of some bytes, in lowercase hexadecimal.
    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    /// The hash of a file's first bytes.
    ///
    /// @param file     the file
    /// @param length   how many bytes from its start; no more than it has
    /// @param progress receives the size of each piece that was read
    public static String sha256(Path file, long length, LongConsumer progress) throws IOException {
        MessageDigest digest = sha256();
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER_BYTES, Math.max(1, length)));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long left = length;
            while (left > 0) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), left));
                int read = channel.read(buffer);
                if (read < 0) {
                    break;
                }
                left -= read;
                digest.update(buffer.flip());
                progress.accept(read);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
