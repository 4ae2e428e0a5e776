package io.github.cogvideo4j.inference.internal.system;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.system.MachineMemory;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

/// The memory that a computing device has to give, as far as the system or libtorch tells.
public final class DeviceMemory {
    private DeviceMemory() {}

    /// Bytes that a computation may take on a device. A card's own memory counts for CUDA, never the
    /// machine's; Metal shares the machine's.
    public static OptionalLong available(ComputeDevice device) {
        return available(device, MachineMemory::available, DeviceMemory::ofCard);
    }

    /// @param machine what the machine has
    /// @param card    what the CUDA device of a number has
    static OptionalLong available(
            ComputeDevice device, Supplier<OptionalLong> machine, IntFunction<OptionalLong> card) {
        return device.cudaIndex().isPresent() ? card.apply(device.cudaIndex().getAsInt()) : machine.get();
    }

    /// What a CUDA device has free now, without disturbing what computes there.
    public static OptionalLong free(ComputeDevice device) {
        return device.cudaIndex().isPresent()
                ? told(() -> torch.getMemoryInfo((byte) device.cudaIndex().getAsInt())
                        .first())
                : OptionalLong.empty();
    }

    /// What is free once libtorch has given back what it keeps for its next tensors.
    private static OptionalLong ofCard(int index) {
        return told(() -> {
            torch.emptyCache();
            return torch.getMemoryInfo((byte) index).first();
        });
    }

    /// An answer of libtorch, or nothing where this libtorch or this device does not tell. Classes and functions of
    /// the bindings that do not load here are errors of linking, which are no fault of the job that asks.
    static OptionalLong told(LongSupplier question) {
        try (PointerScope _ = new PointerScope()) {
            return OptionalLong.of(question.getAsLong());
        } catch (RuntimeException | LinkageError _) {
            return OptionalLong.empty();
        }
    }
}
