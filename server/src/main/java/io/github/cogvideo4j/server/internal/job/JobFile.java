package io.github.cogvideo4j.server.internal.job;

import java.nio.file.Path;
import java.time.Instant;

/// A file of a job, which does not change any more; a preview alone is replaced by the next.
///
/// @param path     where it is
/// @param kind     what it is
/// @param size     in bytes
/// @param sha256   the hash of its bytes, in hexadecimal digits
/// @param modified when it was written
public record JobFile(Path path, FileKind kind, long size, String sha256, Instant modified) {}
