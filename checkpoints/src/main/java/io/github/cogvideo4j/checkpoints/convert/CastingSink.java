package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Casts the elements that pass through to the dtype in which a tensor is written, and watches their values.
public final class CastingSink implements TensorData.Sink {
    /// The most bytes that are passed on at once.
    public static final int BUFFER = 128 * 1024;

    private final ElementCast cast;
    private final ValueScan values;
    private final TensorData.Sink next;
    private final ByteBuffer buffer;

    /// @param tensor what is written
    /// @param next   takes the cast elements; it may not keep the buffer
    public CastingSink(PlannedTensor tensor, TensorData.Sink next) {
        this.cast = ElementCast.of(
                tensor.entry().tensor().dtype(), tensor.dtype(), Place.nowhere().tensor(tensor.name()));
        this.values = new ValueScan(tensor.dtype());
        this.next = next;
        this.buffer = ByteBuffer.allocateDirect(Math.clamp(tensor.byteLength(), 1, BUFFER))
                .order(ByteOrder.LITTLE_ENDIAN);
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
