package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.ejml.data.DMatrixRMaj;

/// A factor of a layer of summed adapters, in fp32.
///
/// @param sum   the sum
/// @param layer the layer
/// @param part  which of its factors
record SummedFactor(AdapterSum sum, AdapterSum.Layer layer, AdapterPart part) implements TensorData.Computed {
    /// It as a tensor, under its name.
    StoredTensor tensor() {
        return new StoredTensor(
                sum.name(layer, part),
                DType.F32,
                part == AdapterPart.LORA_A ? layer.shapeOfA() : layer.shapeOfB(),
                this);
    }

    @Override
    public String description() {
        return "sum of %d adapters, rank %d of %d".formatted(layer.adapters(), layer.rank(), layer.sum());
    }

    @Override
    public List<Storage> inputs() {
        return layer.storages();
    }

    @Override
    public void compute(StorageReader reader, Sink sink) throws IOException {
        AdapterSum.Factors factors = sum.factors(layer, reader, false);
        DMatrixRMaj matrix = part == AdapterPart.LORA_A ? factors.a() : factors.b();
        ByteBuffer row = ByteBuffer.allocate(matrix.numCols * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < matrix.numRows; i++) {
            round(matrix, i, row.clear());
            sink.accept(row.flip());
        }
    }

    /// Puts a row into a buffer, rounded to fp32.
    static void round(DMatrixRMaj matrix, int row, ByteBuffer into) {
        for (int j = 0; j < matrix.numCols; j++) {
            into.putFloat((float) matrix.get(row, j));
        }
    }
}
