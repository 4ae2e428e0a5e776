package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;

/// DoRA: every row of the changed weight gets a trained length, `m * W / |W|`, where `W` is what the changes
/// before it have made. Source: PEFT's `lora_magnitude_vector` `[out]`, kohya's `dora_scale` `[out, 1]`.
///
/// @param tensor the lengths, one for each row
public record Magnitude(StoredTensor tensor) implements OneTensor {
    private static final int LANES = 8;

    @Override
    public String kind() {
        return "dora";
    }

    @Override
    public String formula() {
        return "DoRA magnitudes";
    }

    /// Lengths of columns, `[1, in]`, which LyCORIS writes too, are another formula.
    @Override
    public boolean fits(Shape target) {
        boolean ofColumns = tensor.shape().rank() == 2 && tensor.shape().size(0) == 1 && Delta.rows(target) != 1;
        return target.rank() >= 2
                && Delta.columns(target) <= LONGEST_ROW
                && !ofColumns
                && tensor.shape().numel() == Delta.rows(target);
    }

    @Override
    public boolean needsWholeRows() {
        return true;
    }

    @Override
    public Operation open(StorageReader reader, Arena arena, double unscaled) throws IOException {
        FloatMatrix lengths = FloatMatrix.read(
                reader, tensor, FloatMatrix.allocate(arena, tensor.shape().numel(), 1));
        return (sums, row, rows, column, width) -> {
            for (int start = 0; start < rows * width; start += width) {
                float factor = lengths.get(row + start / width, 0) / norm(sums, start, width);
                for (int i = start; i < start + width; i++) {
                    sums[i] *= factor;
                }
            }
        };
    }

    /// The length of a row, summed as libtorch's `linalg.norm` does: eight sums side by side, then these one after
    /// the other, then what is left over of the row.
    private static float norm(float[] values, int start, int width) {
        float[] lanes = new float[LANES];
        int whole = start + width - width % LANES;
        for (int i = start; i < whole; i++) {
            lanes[(i - start) % LANES] += values[i] * values[i];
        }
        float squares = lanes[0];
        for (int i = 1; i < LANES; i++) {
            squares += lanes[i];
        }
        for (int i = whole; i < start + width; i++) {
            squares += values[i] * values[i];
        }
        return (float) Math.sqrt(squares);
    }
}
