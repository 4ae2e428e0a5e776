package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// One rank's part of a tensor that is spread over ranks (a `DTensor`), as a pickle describes it. Its numbers
/// are as found; the code that assembles the parts checks them.
///
/// Source of the fields: torch 2.13, `torch/distributed/tensor/_api.py`, `_dtensor_spec.py`,
/// `placement_types.py` and `torch/distributed/device_mesh.py`; earlier versions keep the mesh as a tensor.
///
/// @param local      the elements that this rank has
/// @param sizes      the whole tensor's sizes, outermost first
/// @param placements how the tensor is spread along each dimension of the mesh
/// @param mesh       how many ranks there are along each dimension of the mesh; empty where that is not said
/// @param position   this rank's place along each dimension of the mesh; empty where that is not said
/// @param rank       this rank's number in the training, where that is said
public record DistributedTensorValue(
        TensorValue local,
        List<Long> sizes,
        List<Placement> placements,
        List<Long> mesh,
        List<Long> position,
        OptionalLong rank)
        implements PickleValue.Domain {
    // As many as torch's own tensors can have; a mesh has a dimension for each kind of parallelism.
    private static final int MOST_DIMENSIONS = 64;

    /// Copies the lists.
    public DistributedTensorValue {
        sizes = List.copyOf(sizes);
        placements = List.copyOf(placements);
        mesh = List.copyOf(mesh);
        position = List.copyOf(position);
    }

    /// How a tensor is spread along one dimension of a mesh.
    ///
    /// @param name      the placement's class: `Shard`, `Replicate`, or one that cannot be put together
    /// @param dimension the dimension along which `Shard` cuts
    public record Placement(String name, OptionalInt dimension) {
        /// Whether the tensor is cut into neighbouring parts.
        public boolean isShard() {
            return name.equals("Shard") && dimension.isPresent();
        }

        /// Whether every rank has all of it.
        public boolean isReplicate() {
            return name.equals("Replicate");
        }

        /// As torch prints it: `Shard(0)`.
        @Override
        public String toString() {
            return name + (dimension.isPresent() ? "(" + dimension.getAsInt() + ")" : "()");
        }
    }

    @Override
    public List<PickleValue> children() {
        return List.of(local);
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return "part of a tensor " + sizes + " " + placements;
    }

    /// The part that `_rebuild_wrapper_subclass(class, dtype, sizes, ...)` with this state would have become;
    /// empty when it is not a `DTensor`, or not written as torch writes one.
    static Optional<DistributedTensorValue> of(List<PickleValue> arguments, PickleValue state) {
        boolean distributed = arguments.size() > 2
                && arguments.getFirst() instanceof PickleValue.Global type
                && type.name().equals("DTensor");
        if (!distributed) {
            return Optional.empty();
        }
        Optional<PickleValue.Dict> attributes = attributes(state);
        Optional<PickleValue> local = attributes.flatMap(dict -> dict.get("_local_tensor"));
        Optional<PickleValue.Instance> spec = attributes.flatMap(dict -> instance(dict.get("_spec")));
        Optional<List<Long>> sizes = integers(Optional.of(arguments.get(2)));
        Optional<List<Placement>> placements =
                spec.flatMap(value -> value.attribute("placements")).flatMap(DistributedTensorValue::placements);
        if (!(local.orElse(PickleValue.None.INSTANCE) instanceof TensorValue tensor)
                || sizes.isEmpty()
                || placements.isEmpty()) {
            return Optional.empty();
        }
        Optional<PickleValue.Instance> mesh = spec.flatMap(value -> instance(value.attribute("mesh")));
        return Optional.of(new DistributedTensorValue(
                tensor,
                sizes.get(),
                placements.get(),
                mesh.map(DistributedTensorValue::meshSizes).orElse(List.of()),
                mesh.flatMap(value -> integers(value.attribute("_coordinate_on_dim")))
                        .orElse(List.of()),
                mesh.map(value -> value.attribute("_rank")
                                .map(PickleValue::asLong)
                                .orElse(OptionalLong.empty()))
                        .orElse(OptionalLong.empty())));
    }

    /// The state of an object: its attributes, or `(None, attributes)` where its class has slots.
    private static Optional<PickleValue.Dict> attributes(PickleValue state) {
        return state.asElements()
                .filter(parts -> parts.size() == 2)
                .map(parts -> parts.get(1))
                .orElse(state)
                .asDict();
    }

    private static Optional<List<Placement>> placements(PickleValue value) {
        Optional<List<PickleValue>> elements = value.asElements();
        if (elements.isEmpty() || elements.get().size() > MOST_DIMENSIONS) {
            return Optional.empty();
        }
        List<Placement> placements = new ArrayList<>();
        for (PickleValue element : elements.get()) {
            if (!(element instanceof PickleValue.Instance placement)) {
                return Optional.empty();
            }
            OptionalLong dimension =
                    placement.attribute("dim").map(PickleValue::asLong).orElse(OptionalLong.empty());
            boolean sensible = dimension.orElse(-1) >= 0 && dimension.orElse(-1) < MOST_DIMENSIONS;
            placements.add(new Placement(
                    placement.type().name(),
                    sensible ? OptionalInt.of((int) dimension.getAsLong()) : OptionalInt.empty()));
        }
        return Optional.of(placements);
    }

    /// Ranks along each dimension: since torch 2.12 a layout with axes, before that one with a shape, and
    /// before that the mesh itself, a tensor of ranks.
    private static List<Long> meshSizes(PickleValue.Instance mesh) {
        Optional<PickleValue.Instance> layout = instance(mesh.attribute("_layout"));
        Optional<List<PickleValue>> axes =
                layout.flatMap(value -> value.attribute("axes")).flatMap(PickleValue::asElements);
        if (axes.isPresent()) {
            List<Long> sizes = new ArrayList<>();
            for (PickleValue axis : axes.get()) {
                sizes.add(instance(Optional.of(axis))
                        .flatMap(value -> value.attribute("shape"))
                        .map(DistributedTensorValue::product)
                        .orElse(0L));
            }
            return sizes;
        }
        Optional<List<PickleValue>> shape =
                layout.flatMap(value -> value.attribute("shape")).flatMap(PickleValue::asElements);
        if (shape.isPresent()) {
            return shape.get().stream().map(DistributedTensorValue::product).toList();
        }
        return mesh.attribute("mesh")
                .or(() -> mesh.attribute("_mesh"))
                .flatMap(value -> value instanceof TensorValue ranks ? Optional.of(ranks.sizes()) : Optional.empty())
                .orElse(List.of());
    }

    /// A number, or the product of a tuple of numbers; 0 where it is neither, or absurd.
    private static long product(PickleValue value) {
        if (value.asLong().isPresent()) {
            return Math.max(0, value.asLong().getAsLong());
        }
        long product = 1;
        for (long factor : integers(Optional.of(value)).orElse(List.of(0L))) {
            if (factor <= 0 || product > Integer.MAX_VALUE / factor) {
                return 0;
            }
            product *= factor;
        }
        return product;
    }

    private static Optional<PickleValue.Instance> instance(Optional<PickleValue> value) {
        return value.flatMap(
                found -> found instanceof PickleValue.Instance object ? Optional.of(object) : Optional.empty());
    }

    private static Optional<List<Long>> integers(Optional<PickleValue> value) {
        Optional<List<PickleValue>> elements = value.flatMap(PickleValue::asElements);
        if (elements.isEmpty() || elements.get().size() > MOST_DIMENSIONS) {
            return Optional.empty();
        }
        List<Long> integers = new ArrayList<>();
        for (PickleValue element : elements.get()) {
            if (element.asLong().isEmpty()) {
                return Optional.empty();
            }
            integers.add(element.asLong().getAsLong());
        }
        return Optional.of(integers);
    }
}
