package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The contents of `.metadata`: which tensors there are, of which chunks each is made, and where each chunk is.
///
/// @param file    the file
/// @param tensors the tensors by their full keys, in the file's order
/// @param objects the entries that are no tensors
/// @param places  where the chunks are
/// @param version the format's version, as written
record DistributedMetadata(
        Path file,
        SequencedMap<String, ShardedTensor> tensors,
        List<SavedObject> objects,
        Map<ChunkKey, ChunkPlace> places,
        Optional<String> version) {
    DistributedMetadata {
        tensors = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(tensors));
        objects = List.copyOf(objects);
        places = Collections.unmodifiableMap(new HashMap<>(places));
    }

    /// A tensor as it is cut.
    ///
    /// @param dtype  the type of its elements, where that is said
    /// @param shape  its sizes
    /// @param chunks its parts
    record ShardedTensor(Optional<DType> dtype, Shape shape, List<Box> chunks) {
        ShardedTensor {
            chunks = List.copyOf(chunks);
        }
    }

    /// What identifies a chunk.
    ///
    /// @param name    the tensor's key
    /// @param offsets the chunk's first index of each dimension
    record ChunkKey(String name, List<Long> offsets) {}

    /// An entry that is no tensor.
    ///
    /// @param name  its full key
    /// @param place where it is
    record SavedObject(String name, ChunkPlace place) {}

    /// Where a chunk is: a file of `torch.save` inside a file.
    ///
    /// @param file   the file that holds it
    /// @param offset its first byte
    /// @param length its bytes
    record ChunkPlace(PlainFileName file, long offset, long length) {}
}
