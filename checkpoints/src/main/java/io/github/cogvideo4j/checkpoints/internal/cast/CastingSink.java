package io.github.cogvideo4j.checkpoints.internal.cast;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A sink that casts the elements that pass through to the dtype in which a tensor is written, and watches their
/// values.
public final class CastingSink implements TensorData.Sink {
    /// The most bytes that are passed on at once.
    public static final int BUFFER = 128 * 1024;

    private final ElementCast cast;
    private final ValueScan values;
    private final TensorData.Sink next;
    private final ByteBuffer buffer;

    /// @param tensor what is read
    /// @param target the dtype in which it is written
    /// @param next   takes the cast elements; it may not keep the buffer
    public CastingSink(StoredTensor tensor, DType target, TensorData.Sink next) {
        this.cast = ElementCast.of(tensor.dtype(), target, Place.nowhere().tensor(tensor.name()));
        this.values = new ValueScan(target);
        this.next = next;
        long length = StoredTensor.byteLength(target, tensor.shape());
        this.buffer = ByteBuffer.allocateDirect(Math.clamp(length, 1, BUFFER)).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void accept(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            buffer.clear();
            cast.cast(source, buffer, values);
            if (buffer.flip().limit() == 0) {
                throw new IllegalArgumentException(source.remaining() + " bytes are no whole element");
            }
            next.accept(buffer);
        }
    }

    /// What was noticed so far.
    public ValueScan values() {
        return values;
    }
}
