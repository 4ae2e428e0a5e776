package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// What an adapter does to one module of a model, as it is shown.
///
/// @param module the adapted module: as the model names it once the adapter is bound to one, else as the file
///               does
/// @param kinds  what is done: `lora`, `loha`, `lokr`, `dora`, `difference`, `replaced`, and the same with
///               `bias:` before it for what is done to the bias
/// @param shape  the sizes of the weight that it was made for, as far as they show; of the bias where only
///               that is changed
/// @param rank   the rank, as far as there is one
/// @param alpha  the alpha that the adapter records for it
/// @param factor what its product is multiplied by at scale 1: alpha over rank, or 1 where no alpha is known
/// @param dtype  the type of its stored elements
public record LoraLayer(
        String module,
        List<String> kinds,
        Shape shape,
        OptionalInt rank,
        OptionalDouble alpha,
        double factor,
        DType dtype) {
    /// Copies the list.
    public LoraLayer {
        kinds = List.copyOf(kinds);
    }
}
