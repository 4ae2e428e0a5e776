package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/// A row-major tensor as torch pickles it: `_rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad,
/// OrderedDict())`, or `_v3` with the dtype at the end for the types that came after typed storages.
///
/// Source: torch's `_tensor.py` and `serialization.py`.
///
/// @param dtype        the type of its elements
/// @param key          the key of its storage in the file
/// @param storageNumel how many elements the storage has
/// @param offset       its first element in the storage
/// @param shape        its sizes
/// @param requiresGrad whether it says that it is being trained
public record TensorPickle(DType dtype, int key, long storageNumel, long offset, Shape shape, boolean requiresGrad) {
    static final String REBUILD_MODULE = "torch._utils";

    /// A tensor that fills its storage.
    public static TensorPickle whole(DType dtype, int key, Shape shape, boolean requiresGrad) {
        return new TensorPickle(dtype, key, shape.numel(), 0, shape, requiresGrad);
    }

    /// Writes it.
    public void write(PickleWriter pickle) {
        pickle.call(REBUILD_MODULE, function(), arguments(pickle));
    }

    /// Writes it as torch does when it has attributes of its own.
    ///
    /// @param attributes names and values
    public void writeWithAttributes(PickleWriter pickle, List<PickleWriter.Item> attributes) {
        pickle.call(
                "torch._tensor",
                "_rebuild_from_type_v2",
                List.of(
                        () -> pickle.global(REBUILD_MODULE, function()),
                        () -> pickle.global("torch", "Tensor"),
                        () -> pickle.tuple(arguments(pickle)),
                        () -> pickle.dict(attributes)));
    }

    private boolean typed() {
        return TensorFactory.storageType(dtype).isPresent();
    }

    private String function() {
        return typed() ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3";
    }

    private List<Runnable> arguments(PickleWriter pickle) {
        List<Runnable> arguments = new ArrayList<>(List.of(
                () -> pickle.persistent(() -> storage(pickle)),
                () -> pickle.integer(offset),
                () -> integers(pickle, shape.sizes()),
                () -> integers(pickle, shape.contiguousStrides()),
                () -> pickle.bool(requiresGrad),
                () -> pickle.call("collections", "OrderedDict", List.of())));
        if (!typed()) {
            arguments.add(() -> pickle.global("torch", dtype.torchName()));
        }
        return arguments;
    }

    private void storage(PickleWriter pickle) {
        pickle.tuple(List.of(
                () -> pickle.word("storage"),
                () -> TensorFactory.storageType(dtype)
                        .ifPresentOrElse(
                                type -> pickle.global("torch", type),
                                () -> pickle.global("torch.storage", "UntypedStorage")),
                () -> pickle.text(Integer.toString(key)),
                () -> pickle.word("cpu"),
                () -> pickle.integer(typed() ? storageNumel : storageNumel * dtype.bytes())));
    }

    private static void integers(PickleWriter pickle, List<Long> values) {
        pickle.tuple(values.stream()
                .<Runnable>map(value -> () -> pickle.integer(value))
                .toList());
    }
}
