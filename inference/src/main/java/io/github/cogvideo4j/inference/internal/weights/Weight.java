package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// One weight, cast when it is used. On the CPU nothing is kept: a weight of the right type is a view of its
/// file, another one is cast for the time of its use. On another device it is copied there once, or comes with its
/// block each time.
public final class Weight implements StreamedWeight {
    private final WeightStore store;
    private final String name;
    private final Precision precision;
    private final ComputeDevice device;
    private final Optional<BlockStream.Block> block;

    Weight(
            WeightStore store,
            String name,
            Precision precision,
            ComputeDevice device,
            Optional<BlockStream.Block> block) {
        this.store = store;
        this.name = name;
        this.precision = precision;
        this.device = device;
        this.block = block;
        block.ifPresent(streamed -> streamed.add(this));
    }

    /// Its key in the state dict.
    public String name() {
        return name;
    }

    /// The weight as a tensor in the type of use. It belongs to the store or to the current scope: use it at
    /// once, never change it.
    public Tensor tensor() {
        return tensor(MemoryFormat.Contiguous);
    }

    /// The weight as a tensor in the type of use, with its elements in an order in memory. On another device than
    /// the CPU it is kept in that order.
    public Tensor tensor(MemoryFormat format) {
        if (block.isPresent() && block.get().streams()) {
            return block.get().tensors(this).getFirst().contiguous(format);
        }
        if (device.isCpu()) {
            return stored().contiguous(format);
        }
        return store.onDevice(
                        this,
                        () -> List.of(device.put(store.view(name), precision).contiguous(format)))
                .getFirst();
    }

    private Tensor stored() {
        Tensor view = store.view(name);
        return view.scalar_type().intern() == ScalarTypes.of(precision) ? view : view.to(ScalarTypes.of(precision));
    }

    @Override
    public List<Form> forms() {
        return List.of(new Form(ScalarTypes.of(precision), precision.dtype().bytes(), store.shape(name)));
    }

    @Override
    public void write(List<Tensor> into) {
        into.getFirst().copy_(store.view(name));
    }

    /// The weight in another form, which is kept instead of it.
    ///
    /// @param derivation from the weight in the type of use, on the CPU, to tensors
    /// @param forms      what these are, from the weight's sizes
    public DerivedWeight derived(Function<Tensor, List<Tensor>> derivation, Function<List<Long>, List<Form>> forms) {
        DerivedWeight derived = new DerivedWeight(this, derivation, forms.apply(store.shape(name)));
        block.ifPresent(streamed -> streamed.replace(this, derived));
        return derived;
    }

    /// The weight in the type of use, on the CPU, in memory of the current scope.
    Tensor read() {
        return store.read(name).to(ScalarTypes.of(precision));
    }

    WeightStore store() {
        return store;
    }

    ComputeDevice device() {
        return device;
    }

    Optional<BlockStream.Block> block() {
        return block;
    }

    /// Rows of the weight, in the type of use. Of a table on the CPU only these are cast.
    ///
    /// @param indexes `int64`, of any shape, on the device of use
    /// @return `[..., width]`
    public Tensor rows(Tensor indexes) {
        Tensor table = device.isCpu() ? store.view(name) : tensor();
        return torch.embedding(table, indexes).to(ScalarTypes.of(precision));
    }
}
