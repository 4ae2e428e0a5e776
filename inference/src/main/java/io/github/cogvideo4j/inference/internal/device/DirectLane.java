package io.github.cogvideo4j.inference.internal.device;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import org.bytedeco.pytorch.Tensor;

/// The lane of a device without streams: a copy is over when it returns.
final class DirectLane implements CopyLane {
    private final LaneMemory memory;

    DirectLane(ComputeDevice device, long bytes) {
        this.memory = new LaneMemory(device, bytes, false);
    }

    @Override
    public Tensor staging(int place) {
        return memory.staging(place);
    }

    @Override
    public void send(int place) {
        Scoped.run(() -> memory.place(place).copy_(memory.staging(place)));
    }

    @Override
    public Tensor arrived(int place) {
        return memory.place(place);
    }

    @Override
    public void done(int place) {
        // The device computes in the order in which it is asked.
    }

    @Override
    public void close() {
        memory.close();
    }
}
