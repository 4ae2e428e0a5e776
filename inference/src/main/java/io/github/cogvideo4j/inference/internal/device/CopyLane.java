package io.github.cogvideo4j.inference.internal.device;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import org.bytedeco.pytorch.Tensor;

/// The way of weights to a device beside the computation: two places on the device, each with memory of the machine
/// in which the bytes for it are put together. While one place is computed with, the other is filled.
///
/// A place is used in this order, again and again: [#staging(int)], [#send(int)], [#arrived(int)], [#done(int)]. None
/// of them waits for the computation; that they keep the order on the device is what a lane is for. Calls come from
/// one thread.
public interface CopyLane extends AutoCloseable {
    /// How many places there are.
    int PLACES = 2;

    /// The machine's memory for a place, `uint8`, once what was sent from it before has left.
    Tensor staging(int place);

    /// Starts the copy of a place's staging memory to the device. It begins when the computation is done with what
    /// the place had before.
    void send(int place);

    /// A place on the device, `uint8`. What is computed from now on begins when the copy has arrived.
    Tensor arrived(int place);

    /// Says that what has been asked of the device so far is the last that reads a place.
    void done(int place);

    /// Waits for what is under way, and frees both kinds of memory.
    @Override
    void close();

    /// A maker of lanes.
    @FunctionalInterface
    interface Maker {
        /// A lane with places of a size.
        ///
        /// @param bytes the bytes of one place
        CopyLane open(long bytes);
    }

    /// The lanes of a device: with a stream of their own on a CUDA device, one copy after the other elsewhere.
    static Maker of(ComputeDevice device) {
        return bytes -> {
            if (device.cudaIndex().isPresent() && CudaRuntime.find().isPresent()) {
                return new CudaLane(CudaRuntime.find().get(), device, bytes);
            }
            return new DirectLane(device, bytes);
        };
    }
}
