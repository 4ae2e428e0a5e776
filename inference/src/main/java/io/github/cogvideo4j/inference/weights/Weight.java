package io.github.cogvideo4j.inference.weights;

import io.github.cogvideo4j.inference.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.runtime.Precision;
import io.github.cogvideo4j.inference.runtime.Scoped;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

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
            return stored.scalar_type().intern() == precision.scalarType() ? stored : stored.to(precision.scalarType());
        }
        if (resident.isEmpty()) {
            resident = Optional.of(Scoped.keep(device.put(stored, precision)));
        }
        return resident.get();
    }
}
