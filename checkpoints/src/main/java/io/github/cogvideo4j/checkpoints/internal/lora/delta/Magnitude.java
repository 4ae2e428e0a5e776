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
    public Operation open(StorageReader reader, Arena arena, double factor) throws IOException {
        FloatMatrix lengths = FloatMatrix.read(
                reader, tensor, FloatMatrix.allocate(arena, tensor.shape().numel(), 1));
        return (sums, row, rows, column, width) -> {
            for (int r = 0; r < rows; r++) {
                double squares = 0;
                for (int i = r * width; i < (r + 1) * width; i++) {
                    squares += sums[i] * sums[i];
                }
                double length = lengths.get(row + r, 0) / Math.sqrt(squares);
                for (int i = r * width; i < (r + 1) * width; i++) {
                    sums[i] *= length;
                }
            }
        };
    }
}
