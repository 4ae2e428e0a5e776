package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// One weight, cast when it is used. On the CPU nothing is kept: a weight of the right type is a view of its
/// file, another one is cast for the time of its use. On another device it is copied there once.
public final class Weight {
    private final WeightStore store;
    private final String name;
    private final Precision precision;
    private final ComputeDevice device;
    private Optional<Tensor> resident = Optional.empty();

    Weight(WeightStore store, String name, Precision precision, ComputeDevice device) {
        this.store = store;
        this.name = name;
        this.precision = precision;
        this.device = device;
    }

    /// Its key in the state dict.
    public String name() {
        return name;
    }

    /// The weight as a tensor in the type of use. It belongs to the store or to the current scope: use it at
    /// once, never change it.
    public Tensor tensor() {
        Tensor stored = store.view(name);
        if (device.isCpu()) {
            return stored.scalar_type().intern() == ScalarTypes.of(precision)
                    ? stored
                    : stored.to(ScalarTypes.of(precision));
        }
        if (resident.isEmpty()) {
            resident = Optional.of(store.keepResident(device.put(stored, precision)));
        }
        return resident.get();
    }

    /// The weight in another form, which is kept instead of it.
    ///
    /// @param derivation from the weight in the type of use, on the CPU, to tensors
    public DerivedWeight derived(Function<Tensor, List<Tensor>> derivation) {
        return new DerivedWeight(this, derivation);
    }

    /// The weight in the type of use, on the CPU, in memory of the current scope.
    Tensor read() {
        return store.read(name).to(ScalarTypes.of(precision));
    }

    Tensor keptOnDevice(Tensor tensor) {
        return store.keepResident(device.isCpu() ? tensor : tensor.to(device.torchDevice(), tensor.scalar_type()));
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
