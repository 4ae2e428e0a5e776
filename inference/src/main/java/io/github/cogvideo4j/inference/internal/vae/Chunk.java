package io.github.cogvideo4j.inference.internal.vae;

import java.util.ArrayList;
import java.util.List;

/// Some frames that are encoded or decoded together. The lengths are part of the result, because a norm's
/// statistics are those of a chunk.
///
/// @param first the number of the first frame
/// @param count how many
record Chunk(long first, long count) {
    /// Chunks of a length; the first one takes the remainder as well.
    static List<Chunk> of(long frames, long length) {
        long remainder = frames % length;
        List<Chunk> chunks = new ArrayList<>();
        chunks.add(new Chunk(0, Math.min(frames, length + remainder)));
        for (long first = length + remainder; first < frames; first += length) {
            chunks.add(new Chunk(first, length));
        }
        return chunks;
    }
}
