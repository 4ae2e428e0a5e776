package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;

/// A whole difference that is added: `W + factor * D`. ComfyUI's `.diff` and `.diff_b`, and the bias that PEFT
/// trains beside B (`lora_bias`).
///
/// @param tensor the difference, as large as the tensor that it changes
public record Difference(StoredTensor tensor) implements OneTensor {
    @Override
    public String kind() {
        return "difference";
    }

    @Override
    public String formula() {
        return "difference";
    }

    @Override
    public Operation open(StorageReader reader, Arena arena, double factor) throws IOException {
        TensorPart part = new TensorPart(reader, tensor, arena);
        float scale = (float) factor;
        return (sums, row, rows, column, width) ->
                part.each(row, rows, column, width, (index, value) -> sums[index] += scale * value);
    }
}
