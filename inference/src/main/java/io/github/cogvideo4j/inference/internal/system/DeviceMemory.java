package io.github.cogvideo4j.inference.internal.system;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.system.MachineMemory;
import java.util.OptionalLong;
import java.util.function.IntFunction;
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

    /// What is free, and what libtorch took before and keeps for its next tensors.
    private static OptionalLong ofCard(int index) {
        try (PointerScope _ = new PointerScope()) {
            long free = torch.getMemoryInfo((byte) index).first();
            return OptionalLong.of(free + reserved(index));
        } catch (RuntimeException _) {
            // This libtorch or this device does not tell.
            return OptionalLong.empty();
        }
    }

    private static long reserved(int index) {
        try {
            return torch.getDeviceStats((byte) index).reserved_bytes().current();
        } catch (RuntimeException _) {
            // No tensor was made there yet.
            return 0;
        }
    }
}
