package io.github.cogvideo4j.formats.internal.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;

/// The identity of a file: what tells one state of it from another without reading it. A trainer that rotates
/// checkpoints while one is being converted changes at least one of these.
///
/// @param size     bytes
/// @param modified when it was last written
/// @param key      the file system's own identity (device and inode), empty where there is none
public record FileIdentity(long size, Instant modified, String key) {
    /// The identity of the file that the path leads to, links followed.
    public static FileIdentity of(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        Object key = attributes.fileKey();
        return new FileIdentity(
                attributes.size(), attributes.lastModifiedTime().toInstant(), key == null ? "" : key.toString());
    }
}
