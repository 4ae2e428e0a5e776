package io.github.cogvideo4j.checkpoints.internal.inspect.values;

import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.checkpoints.internal.cast.SequentialTensor;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.LongConsumer;

/// The differences of two tensors of the same shape, read side by side whatever their dtypes and summed up in
/// double.
public final class Differences {
    private static final int HALF = 0x7FFF;

    private final DoubleValues model;
    private final DoubleValues base;
    private long elements;
    private double differenceSquares;
    private double baseSquares;
    private double largest;
    private long changed;
    private long changedInBf16;

    private Differences(StoredTensor model, StoredTensor base) {
        this.model = new DoubleValues(model.dtype());
        this.base = new DoubleValues(base.dtype());
    }

    /// The change of a tensor; empty when one of the two has elements that are no real numbers.
    ///
    /// @param reader reads both
    /// @param model  what it is now
    /// @param base   what it was, of the same shape
    /// @param done   receives the number of the model's bytes that are done
    public static Optional<ValueChange> between(
            FileStorageReader reader, StoredTensor model, StoredTensor base, LongConsumer done) throws IOException {
        if (!model.shape().equals(base.shape())) {
            throw new IllegalArgumentException(model.shape() + " and " + base.shape());
        }
        if (!DoubleValues.canDecode(model.dtype()) || !DoubleValues.canDecode(base.dtype())) {
            return Optional.empty();
        }
        Differences differences = new Differences(model, base);
        try (SequentialTensor other = SequentialTensor.open(reader, base)) {
            ByteBuffer buffer = ByteBuffer.allocate(DoubleValues.CHUNK * differences.base.elementBytes())
                    .order(ByteOrder.LITTLE_ENDIAN);
            reader.read(model, bytes -> {
                int length = bytes.remaining();
                differences.add(bytes, other, buffer);
                done.accept(length);
            });
        }
        return Optional.of(differences.change());
    }

    private void add(ByteBuffer bytes, SequentialTensor other, ByteBuffer buffer) throws IOException {
        while (bytes.hasRemaining()) {
            int count = model.decode(bytes);
            if (count == 0) {
                throw new IllegalArgumentException(bytes.remaining() + " bytes are no whole element");
            }
            other.readFully(buffer.clear().limit(count * base.elementBytes()));
            base.decode(buffer.flip());
            add(model.values(), base.values(), count);
        }
    }

    private void add(double[] now, double[] before, int count) {
        elements += count;
        for (int i = 0; i < count; i++) {
            double difference = now[i] - before[i];
            differenceSquares += difference * difference;
            baseSquares += before[i] * before[i];
            largest = ValueChange.larger(largest, Math.abs(difference));
            if (now[i] != before[i]) {
                changed++;
                changedInBf16 += brainFloat(now[i]) == brainFloat(before[i]) ? 0 : 1;
            }
        }
    }

    /// The upper half of fp32's bits, rounded to nearest, ties to even.
    private static int brainFloat(double value) {
        int bits = Float.floatToIntBits((float) value);
        return (bits + HALF + ((bits >>> 16) & 1)) >>> 16;
    }

    private ValueChange change() {
        return new ValueChange(elements, differenceSquares, baseSquares, largest, changed, changedInBf16);
    }
}
