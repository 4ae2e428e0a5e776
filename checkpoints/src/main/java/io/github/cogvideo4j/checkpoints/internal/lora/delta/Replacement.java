package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;

/// A tensor that was trained whole and takes the base's place, at any scale: PEFT's `modules_to_save`, and the
/// biases of `bias="lora_only"`.
///
/// @param tensor the trained tensor
public record Replacement(StoredTensor tensor) implements OneTensor {
    @Override
    public String kind() {
        return "replaced";
    }

    @Override
    public String formula() {
        return "replaced";
    }

    @Override
    public boolean replaces() {
        return true;
    }

    @Override
    public Operation open(StorageReader reader, Arena arena, double factor) throws IOException {
        TensorPart part = new TensorPart(reader, tensor, arena);
        return (sums, row, rows, column, width) ->
                part.each(row, rows, column, width, (index, value) -> sums[index] = value);
    }
}
