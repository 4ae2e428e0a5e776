package io.github.cogvideo4j.benchmarks.device;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.Arrays;
import java.util.function.Supplier;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The device that is checked.
///
/// @param device the device
/// @param brief  whether sizes are small: the same ways, for a processor
record Subject(ComputeDevice device, boolean brief) {
    private static final int WARMING = 2;

    /// A size, or a small one.
    long size(long full, long small) {
        return brief ? small : full;
    }

    /// Random numbers of a seed, the same on every device.
    Tensor seeded(ScalarType type, long... shape) {
        return torch.randn(
                        shape, new GeneratorOptional(torch.createCPUGenerator(1)), new TensorOptions(ScalarType.Float))
                .to(device.torchDevice(), type);
    }

    /// Random numbers that are made on the device.
    Tensor random(ScalarType type, long... shape) {
        return torch.empty(shape, options(type), new MemoryFormatOptional()).normal_(0, 1, new GeneratorOptional());
    }

    TensorOptions options(ScalarType type) {
        return new TensorOptions(type).device(new DeviceOptional(device.torchDevice()));
    }

    /// The largest difference of two tensors, wherever they are.
    static double difference(Tensor one, Tensor other) {
        return wide(one).sub(wide(other)).abs().max().item_double();
    }

    /// A tensor on the processor, in double precision.
    static Tensor wide(Tensor tensor) {
        return tensor.to(ComputeDevice.CPU.torchDevice(), ScalarType.Double);
    }

    private static void once(Supplier<Tensor> computation) {
        Scoped.run(() -> {
            Tensor _ = computation.get();
        });
    }

    /// The median of several times, in seconds.
    double seconds(int times, Supplier<Tensor> computation) {
        for (int i = 0; i < WARMING; i++) {
            once(computation);
        }
        device.finish();
        double[] seconds = new double[times];
        for (int i = 0; i < times; i++) {
            long start = System.nanoTime();
            once(computation);
            device.finish();
            seconds[i] = (System.nanoTime() - start) / 1e9;
        }
        Arrays.sort(seconds);
        return seconds[times / 2];
    }
}
