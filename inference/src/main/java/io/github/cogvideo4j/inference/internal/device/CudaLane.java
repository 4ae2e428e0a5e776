package io.github.cogvideo4j.inference.internal.device;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/// The lane of a CUDA device: copies run on a stream of their own, from pinned memory. Two events for each place keep
/// the order: `copied` between a copy and the computation that reads it, `read` between that and the next copy.
final class CudaLane implements CopyLane {
    private final Streams cuda;
    private final int device;
    private final LaneMemory memory;
    private final List<MemorySegment> copied = new ArrayList<>();
    private final List<MemorySegment> read = new ArrayList<>();
    private final MemorySegment copies;

    CudaLane(Streams cuda, ComputeDevice device, long bytes) {
        this.cuda = cuda;
        this.device = device.cudaIndex().orElse(0);
        this.memory = new LaneMemory(device, bytes, !device.isCpu());
        int before = cuda.enter(this.device);
        try {
            this.copies = cuda.stream();
            for (int i = 0; i < PLACES; i++) {
                copied.add(cuda.event());
                read.add(cuda.event());
            }
            // Memory that libtorch hands out may still be read by what was asked of the device before.
            read.forEach(event -> cuda.record(event, Streams.COMPUTE));
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        } finally {
            cuda.enter(before);
        }
    }

    private void onDevice(Runnable body) {
        int before = cuda.enter(device);
        try {
            body.run();
        } finally {
            cuda.enter(before);
        }
    }

    @Override
    public Tensor staging(int place) {
        onDevice(() -> cuda.awaitHere(copied.get(place)));
        return memory.staging(place);
    }

    @Override
    public void send(int place) {
        onDevice(() -> {
            Tensor source = memory.staging(place);
            cuda.await(copies, read.get(place));
            cuda.copy(
                    memory.place(place).data_ptr().address(), source.data_ptr().address(), source.nbytes(), copies);
            cuda.record(copied.get(place), copies);
        });
    }

    @Override
    public Tensor arrived(int place) {
        onDevice(() -> cuda.await(Streams.COMPUTE, copied.get(place)));
        return memory.place(place);
    }

    @Override
    public void done(int place) {
        onDevice(() -> cuda.record(read.get(place), Streams.COMPUTE));
    }

    @Override
    public void close() {
        try {
            onDevice(() -> {
                cuda.finish(copies);
                cuda.finish(Streams.COMPUTE);
                copied.forEach(cuda::destroyEvent);
                read.forEach(cuda::destroyEvent);
                cuda.destroyStream(copies);
            });
        } finally {
            memory.close();
        }
    }
}
