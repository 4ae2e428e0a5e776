package io.github.cogvideo4j.inference.internal.device;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The memory of a lane's places: all of it, or none.
final class LaneMemory implements AutoCloseable {
    private final List<Tensor> staging = new ArrayList<>();
    private final List<Tensor> places = new ArrayList<>();

    /// @param pinned whether the machine's memory is kept where it is, so that a device can read it by itself
    LaneMemory(ComputeDevice device, long bytes, boolean pinned) {
        try {
            for (int i = 0; i < CopyLane.PLACES; i++) {
                Scoped.run(() -> {
                    Tensor memory = bytes(ComputeDevice.CPU, bytes);
                    staging.add(Scoped.keep(pinned ? memory.pin_memory() : memory));
                    places.add(Scoped.keep(bytes(device, bytes)));
                });
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static Tensor bytes(ComputeDevice device, long bytes) {
        return torch.empty(
                new long[] {bytes},
                new TensorOptions(ScalarType.Byte).device(new DeviceOptional(device.torchDevice())),
                new MemoryFormatOptional());
    }

    Tensor staging(int place) {
        return staging.get(place);
    }

    Tensor place(int place) {
        return places.get(place);
    }

    @Override
    public void close() {
        staging.forEach(Tensor::close);
        places.forEach(Tensor::close);
        staging.clear();
        places.clear();
    }
}
