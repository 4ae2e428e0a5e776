package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals;
import io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Maps from names to tensors, as models save them.
public final class StateDict {
    private StateDict() {}

    /// The tensors in a map, by their string keys and in its order. What is not a tensor is left out: numbers
    /// and nested maps that trainers put beside them.
    ///
    /// @param file where the map comes from
    /// @throws FormatException when a tensor's view is not sound, or it is of a kind that cannot be read
    ///     (sparse, quantized, without data); the place names it
    public static List<StoredTensor> tensors(Path file, PickleValue.Dict map) {
        List<StoredTensor> tensors = new ArrayList<>();
        for (Map.Entry<String, PickleValue> entry : map.textEntries().entrySet()) {
            if (isTensor(entry.getValue())) {
                tensors.add(tensor(file, entry.getKey(), entry.getValue()));
            }
        }
        return tensors;
    }

    /// Whether a value is a tensor, readable or not.
    public static boolean isTensor(PickleValue value) {
        return switch (value) {
            case TensorValue _, DistributedTensorValue _ -> true;
            case PickleValue.Instance instance ->
                AllowedGlobals.find(instance.type())
                        .map(AllowedGlobals.Entry::becomes)
                        .filter(kind -> kind == Becomes.TENSOR || kind == Becomes.UNSUPPORTED_TENSOR)
                        .isPresent();
            default -> false;
        };
    }

    private static StoredTensor tensor(Path file, String name, PickleValue value) {
        return switch (value) {
            case TensorValue tensor -> tensor.stored(name);
            case DistributedTensorValue part ->
                throw new UnsupportedFileException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        Place.of(file).tensor(name),
                        "formats.torch.distributed-tensor",
                        name,
                        part.sizes());
            case PickleValue.Instance instance ->
                throw new UnsupportedFileException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        Place.of(file).tensor(name),
                        "formats.torch.unsupported-tensor",
                        name,
                        instance.type());
            default -> throw new IllegalArgumentException(name + " is not a tensor: " + value);
        };
    }
}
