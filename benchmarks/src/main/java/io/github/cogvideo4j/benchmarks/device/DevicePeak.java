package io.github.cogvideo4j.benchmarks.device;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.system.DeviceMemory;

/// The most memory of a CUDA device that is taken while something runs, beyond what was taken before: looked at again
/// and again. On other devices nothing is known.
final class DevicePeak implements AutoCloseable {
    private static final int PAUSE_MILLIS = 10;

    private final ComputeDevice device;
    private final long before;
    private final Thread thread;
    private volatile long least;

    DevicePeak(ComputeDevice device) {
        this.device = device;
        this.before = DeviceMemory.available(device).orElse(0);
        this.least = before;
        this.thread = Thread.ofPlatform().daemon().start(this::look);
    }

    private void look() {
        try {
            while (device.cudaIndex().isPresent()) {
                least = Math.min(least, DeviceMemory.free(device).orElse(least));
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Bytes.
    long taken() {
        return before - least;
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
