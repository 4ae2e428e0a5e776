package io.github.cogvideo4j.checkpoints.convert;

import java.util.Optional;

/// How weight files are written and called.
///
/// @param format        the containers to write
/// @param maxShardBytes no weight file gets larger, unless a single tensor is
/// @param variant       the variant in the weight files' names (`fp16`)
public record FileOptions(OutputFormat format, long maxShardBytes, Optional<String> variant) {
    /// Five gigabytes, as the scripts that people use today have it.
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    /// Safetensors of five gigabytes at most.
    public static FileOptions defaults() {
        return of(OutputFormat.SAFETENSORS);
    }

    /// Files of five gigabytes at most.
    public static FileOptions of(OutputFormat format) {
        return new FileOptions(format, DEFAULT_SHARD_BYTES, Optional.empty());
    }
}
