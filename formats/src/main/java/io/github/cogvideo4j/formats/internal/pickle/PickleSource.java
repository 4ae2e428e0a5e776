package io.github.cogvideo4j.formats.internal.pickle;

import io.github.cogvideo4j.formats.problem.Place;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/// The bytes of a pickle and where they come from.
///
/// @param bytes  the pickle, and possibly what follows it
/// @param place  the file, for messages
/// @param offset where the bytes start in the file; empty when they are inflated and lie nowhere as they are
public record PickleSource(ByteBuffer bytes, Place place, OptionalLong offset) {
    /// Takes a read-only view of what remains in the buffer.
    public PickleSource {
        bytes = bytes.slice().asReadOnlyBuffer();
    }

    /// A pickle that starts at a byte of a file.
    public static PickleSource at(ByteBuffer bytes, Place place, long offset) {
        return new PickleSource(bytes, place, OptionalLong.of(offset));
    }

    /// The same source without its first bytes.
    public PickleSource from(int start) {
        return new PickleSource(
                bytes.duplicate().position(start),
                place,
                offset.isPresent() ? OptionalLong.of(offset.getAsLong() + start) : offset);
    }

    /// The place of one byte of the pickle.
    public Place placeOf(int position) {
        return offset.isPresent() ? place.offset(offset.getAsLong() + position) : place;
    }
}
