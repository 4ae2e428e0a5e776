package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.SplittableRandom;

/// Weights that nobody trained: small values, evenly spread, the same each time.
///
/// @param dtype fp32 or bf16
/// @param shape the tensor's sizes
record RandomWeights(DType dtype, Shape shape) implements TensorData.Computed {
    private static final int PIECE = 1 << 16;
    private static final double LARGEST = 0.03;

    static StoredTensor of(String name, DType dtype, Shape shape) {
        return new StoredTensor(name, dtype, shape, new RandomWeights(dtype, shape));
    }

    @Override
    public String description() {
        return "random";
    }

    @Override
    public List<Storage> inputs() {
        return List.of();
    }

    @Override
    public void compute(StorageReader reader, Sink sink) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
        for (long left = shape.numel(); left > 0; left -= piece.limit() / dtype.bytes()) {
            piece.clear().limit((int) Math.min(PIECE, left * dtype.bytes()));
            while (piece.hasRemaining()) {
                int bits = Float.floatToRawIntBits((float) random.nextDouble(-LARGEST, LARGEST));
                if (dtype == DType.F32) {
                    piece.putInt(bits);
                } else {
                    piece.putShort((short) (bits >>> 16));
                }
            }
            sink.accept(piece.flip());
        }
    }
}
