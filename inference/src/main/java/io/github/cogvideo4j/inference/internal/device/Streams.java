package io.github.cogvideo4j.inference.internal.device;

import java.lang.foreign.MemorySegment;

/// The streams and events of a device, by their handles.
interface Streams {
    /// The stream on which libtorch computes unless it is told otherwise.
    MemorySegment COMPUTE = MemorySegment.NULL;

    /// Makes a device the thread's own.
    ///
    /// @return the one that it was
    int enter(int device);

    /// A stream that does not wait for the default one.
    MemorySegment stream();

    /// An event that nothing has recorded yet: whoever waits for it goes on at once.
    MemorySegment event();

    /// Marks where a stream is now.
    void record(MemorySegment event, MemorySegment stream);

    /// Has what a stream is asked from now on wait for an event.
    void await(MemorySegment stream, MemorySegment event);

    /// Waits for an event here.
    void awaitHere(MemorySegment event);

    /// Starts a copy to the device.
    void copy(long target, long source, long bytes, MemorySegment stream);

    /// Waits here until a stream has done all that it was asked.
    void finish(MemorySegment stream);

    void destroyStream(MemorySegment stream);

    void destroyEvent(MemorySegment event);
}
