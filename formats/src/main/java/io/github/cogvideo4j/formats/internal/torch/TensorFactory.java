package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals;
import io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes;
import io.github.cogvideo4j.formats.internal.pickle.PickleFactory;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The factory that turns what torch's pickles describe into storages and tensors.
///
/// Source of the calls and their arguments: torch 2.13, `torch/_utils.py` and `torch/serialization.py`.
final class TensorFactory implements PickleFactory {
    private static final Map<String, DType> STORAGE_TYPES = Map.ofEntries(
            Map.entry("FloatStorage", DType.F32),
            Map.entry("DoubleStorage", DType.F64),
            Map.entry("HalfStorage", DType.F16),
            Map.entry("BFloat16Storage", DType.BF16),
            Map.entry("ByteStorage", DType.U8),
            Map.entry("CharStorage", DType.I8),
            Map.entry("ShortStorage", DType.I16),
            Map.entry("IntStorage", DType.I32),
            Map.entry("LongStorage", DType.I64),
            Map.entry("BoolStorage", DType.BOOL),
            Map.entry("ComplexFloatStorage", DType.C64),
            Map.entry("ComplexDoubleStorage", DType.C128));

    // torch sums over 64 dimensions at most, numpy holds as many; a view of thousands is there to cost time.
    private static final int MOST_DIMENSIONS = 64;

    /// What a pickle says about a storage.
    ///
    /// @param key         its key in the container
    /// @param type        the name of its class
    /// @param elementSize bytes in an element
    /// @param numel       how many elements it claims
    /// @param view        the part of the storage that is meant; legacy container only
    record Declaration(String key, String type, int elementSize, long numel, Optional<View> view) {}

    /// A part of a storage under a key of its own.
    ///
    /// @param offset its first element
    /// @param numel  how many elements
    record View(long offset, long numel) {}

    /// Finds the bytes of a declared storage and checks their number.
    @FunctionalInterface
    interface Storages {
        Storage find(Declaration declaration);
    }

    /// The name of the storage class for elements of a type, if torch has one.
    static Optional<String> storageType(DType dtype) {
        return STORAGE_TYPES.entrySet().stream()
                .filter(entry -> entry.getValue() == dtype)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private final Place place;
    private final Storages storages;

    TensorFactory(Place place, Storages storages) {
        this.place = place;
        this.storages = storages;
    }

    /// `('storage', class, key, location, numel)`, in the legacy container with a view or `None` at the end.
    @Override
    public PickleValue persistent(PickleValue id) {
        List<PickleValue> parts = id.asElements().orElse(List.of());
        if (parts.size() < 5
                || parts.size() > 6
                || !parts.getFirst().asText().equals(Optional.of("storage"))
                || !(parts.get(1) instanceof PickleValue.Global type)
                || AllowedGlobals.find(type).map(AllowedGlobals.Entry::becomes).orElse(Becomes.DESCRIPTION)
                        != Becomes.STORAGE_TYPE) {
            throw syntax("formats.torch.persistent-id");
        }
        String key = parts.get(2).asText().orElseThrow(() -> syntax("formats.torch.persistent-id"));
        String location = parts.get(3).asText().orElse("");
        long numel = parts.get(4).asLong().orElse(-1);
        if (numel < 0) {
            throw new MalformedFileException(
                    ProblemCode.STORAGE_BOUNDS, place, "formats.torch.storage-numel", key, parts.get(4));
        }
        Optional<DType> dtype = Optional.ofNullable(STORAGE_TYPES.get(type.name()));
        int elementSize = dtype.map(DType::bytes).orElse(type.name().equals("QInt32Storage") ? 4 : 1);
        Optional<View> view = parts.size() == 6 ? view(parts.get(5)) : Optional.empty();
        Storage storage = storages.find(new Declaration(key, type.name(), elementSize, numel, view));
        return new StorageValue(key, type.name(), dtype, view.map(View::numel).orElse(numel), location, storage);
    }

    /// `None`, or `(key, offset, numel)`.
    private Optional<View> view(PickleValue value) {
        if (value instanceof PickleValue.None) {
            return Optional.empty();
        }
        List<PickleValue> parts = value.asElements().orElse(List.of());
        if (parts.size() != 3) {
            throw syntax("formats.torch.persistent-id");
        }
        return Optional.of(
                new View(parts.get(1).asLong().orElse(-1), parts.get(2).asLong().orElse(-1)));
    }

    @Override
    public PickleValue call(PickleValue.Global function, List<PickleValue> arguments) {
        boolean tensor = AllowedGlobals.find(function)
                .map(entry -> entry.becomes() == Becomes.TENSOR)
                .orElse(false);
        if (!tensor) {
            return new PickleValue.Instance(function, arguments);
        }
        return switch (function.name()) {
            case "_rebuild_tensor" -> view(function, arguments, 4);
            case "_rebuild_tensor_v2" -> view(function, arguments, 6);
            case "_rebuild_tensor_v3" -> view(function, arguments, 7);
            case "_rebuild_parameter", "_rebuild_parameter_with_state" -> parameter(function, arguments);
            default -> typed(function, arguments);
        };
    }

    /// `(storage, offset, sizes, strides, requires_grad, backward_hooks[, dtype][, metadata])`
    private PickleValue view(PickleValue.Global function, List<PickleValue> arguments, int plainArguments) {
        if (arguments.size() < plainArguments
                || arguments.size() > plainArguments + 1
                || !(arguments.getFirst() instanceof StorageValue storage)) {
            throw syntax("formats.torch.tensor-arguments", function);
        }
        Optional<DType> dtype = plainArguments == 7 ? dtype(arguments.get(6)) : storage.dtype();
        if (dtype.isEmpty()) {
            // A quantized storage, two elements a byte, ...: no tensor that we can name a type for.
            return new PickleValue.Instance(function, arguments);
        }
        return new TensorValue(
                storage,
                dtype.get(),
                integers(function, arguments.get(2)),
                integers(function, arguments.get(3)),
                integer(function, arguments.get(1)),
                false,
                arguments.size() > 4 && arguments.get(4).asBoolean().orElse(false),
                arguments.size() > plainArguments ? pending(arguments.get(plainArguments)) : List.of(),
                Optional.empty());
    }

    /// A dtype whose elements are whole bytes.
    private static Optional<DType> dtype(PickleValue value) {
        return value instanceof PickleValue.Global named && named.module().equals("torch")
                ? DType.byTorchName(named.name()).filter(type -> type.bits() % 8 == 0)
                : Optional.empty();
    }

    /// The names in a tensor's metadata that are switched on.
    private List<String> pending(PickleValue metadata) {
        return switch (metadata) {
            case PickleValue.None _ -> List.of();
            case PickleValue.Dict flags -> {
                List<String> names = new ArrayList<>();
                flags.entries().forEach((name, on) -> {
                    if (!on.asBoolean().equals(Optional.of(false))) {
                        names.add(name.asText().orElse("?"));
                    }
                });
                yield names;
            }
            default -> List.of("metadata");
        };
    }

    /// `(tensor, requires_grad, backward_hooks[, state])`
    private PickleValue parameter(PickleValue.Global function, List<PickleValue> arguments) {
        if (arguments.size() < 3 || arguments.size() > 4) {
            throw syntax("formats.torch.tensor-arguments", function);
        }
        if (!(arguments.getFirst() instanceof TensorValue tensor)) {
            return new PickleValue.Instance(function, arguments);
        }
        return new TensorValue(
                tensor.storage(),
                tensor.dtype(),
                tensor.sizes(),
                tensor.strides(),
                tensor.offset(),
                true,
                arguments.get(1).asBoolean().orElse(false),
                tensor.pending(),
                arguments.size() == 4 ? Optional.of(arguments.get(3)) : tensor.attributes());
    }

    /// `(function, class, arguments, state)`: a tensor made by the inner call, with attributes.
    private PickleValue typed(PickleValue.Global function, List<PickleValue> arguments) {
        if (arguments.size() != 4
                || !(arguments.getFirst() instanceof PickleValue.Global inner)
                // One level, as torch writes it, so that nesting cannot become recursion.
                || inner.equals(function)
                || !(arguments.get(2) instanceof PickleValue.Tuple innerArguments)) {
            throw syntax("formats.torch.tensor-arguments", function);
        }
        if (!(call(inner, innerArguments.elements()) instanceof TensorValue tensor)) {
            return DistributedTensorValue.of(innerArguments.elements(), arguments.get(3))
                    .<PickleValue>map(part -> part)
                    .orElseGet(() -> new PickleValue.Instance(inner, innerArguments.elements()));
        }
        boolean parameter = arguments.get(1) instanceof PickleValue.Global type
                && type.name().equals("Parameter");
        return new TensorValue(
                tensor.storage(),
                tensor.dtype(),
                tensor.sizes(),
                tensor.strides(),
                tensor.offset(),
                parameter || tensor.parameter(),
                tensor.requiresGrad(),
                tensor.pending(),
                Optional.of(arguments.get(3)));
    }

    private List<Long> integers(PickleValue.Global function, PickleValue tuple) {
        List<PickleValue> elements =
                tuple.asElements().orElseThrow(() -> syntax("formats.torch.tensor-arguments", function));
        if (elements.size() > MOST_DIMENSIONS) {
            throw syntax("formats.torch.dimensions", elements.size(), MOST_DIMENSIONS);
        }
        List<Long> integers = new ArrayList<>(elements.size());
        for (PickleValue element : elements) {
            integers.add(integer(function, element));
        }
        return integers;
    }

    private long integer(PickleValue.Global function, PickleValue value) {
        OptionalLong number = value.asLong();
        if (number.isEmpty()) {
            throw syntax("formats.torch.tensor-arguments", function);
        }
        return number.getAsLong();
    }

    private MalformedFileException syntax(String key, Object... arguments) {
        return new MalformedFileException(ProblemCode.PICKLE_SYNTAX, place, key, arguments);
    }
}
