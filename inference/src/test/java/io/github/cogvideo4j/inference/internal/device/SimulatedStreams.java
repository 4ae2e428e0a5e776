package io.github.cogvideo4j.inference.internal.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;

/// Streams that run in any order that events allow: what each is asked waits in its queue, and a chance decides which
/// one goes on, when something waits for it, or before.
///
/// Source: "CUDA Runtime API", Event Management: a wait is for what the event had recorded when it was asked for.
public final class SimulatedStreams implements Streams {
    /// Something that a stream was asked, and when it may begin.
    private record Work(BooleanSupplier ready, Runnable body) {}

    /// How often an event was recorded, and how many of these the stream has come to.
    private static final class Event {
        private int recorded;
        private int reached;
    }

    private final Random random;
    private final Map<Long, Deque<Work>> queues = new HashMap<>();
    private final Map<Long, Event> events = new HashMap<>();
    private long handles;

    public SimulatedStreams(Random random) {
        this.random = random;
        queues.put(COMPUTE.address(), new ArrayDeque<>());
    }

    /// A lane on these streams.
    public CopyLane.Maker maker() {
        return bytes -> new CudaLane(this, io.github.cogvideo4j.inference.internal.runtime.ComputeDevice.CPU, bytes);
    }

    /// Asks the stream that computes.
    public void compute(Runnable body) {
        ask(COMPUTE, () -> true, body);
    }

    private void ask(MemorySegment stream, BooleanSupplier ready, Runnable body) {
        queues.get(stream.address()).add(new Work(ready, body));
        for (int i = random.nextInt(4); i > 0; i--) {
            goOn();
        }
    }

    /// Runs one piece of work of a stream that may go on.
    private boolean goOn() {
        List<Deque<Work>> able = new ArrayList<>();
        for (Deque<Work> queue : queues.values()) {
            if (!queue.isEmpty() && queue.peek().ready().getAsBoolean()) {
                able.add(queue);
            }
        }
        if (able.isEmpty()) {
            return false;
        }
        able.get(random.nextInt(able.size())).remove().body().run();
        return true;
    }

    private void until(BooleanSupplier reached) {
        while (!reached.getAsBoolean()) {
            assertThat(goOn()).as("every stream waits for another").isTrue();
        }
    }

    /// Whether nothing is left: no handle, no work.
    public boolean isAtRest() {
        return events.isEmpty()
                && queues.size() == 1
                && queues.get(COMPUTE.address()).isEmpty();
    }

    @Override
    public int enter(int device) {
        return 0;
    }

    @Override
    public MemorySegment stream() {
        handles++;
        queues.put(handles, new ArrayDeque<>());
        return MemorySegment.ofAddress(handles);
    }

    @Override
    public MemorySegment event() {
        handles++;
        events.put(handles, new Event());
        return MemorySegment.ofAddress(handles);
    }

    @Override
    public void record(MemorySegment event, MemorySegment stream) {
        Event recorded = events.get(event.address());
        recorded.recorded++;
        int version = recorded.recorded;
        ask(stream, () -> true, () -> recorded.reached = version);
    }

    @Override
    public void await(MemorySegment stream, MemorySegment event) {
        Event awaited = events.get(event.address());
        int version = awaited.recorded;
        ask(stream, () -> awaited.reached >= version, () -> {});
    }

    @Override
    public void awaitHere(MemorySegment event) {
        Event awaited = events.get(event.address());
        int version = awaited.recorded;
        until(() -> awaited.reached >= version);
    }

    @Override
    @SuppressWarnings("restricted")
    public void copy(long target, long source, long bytes, MemorySegment stream) {
        ask(
                stream,
                () -> true,
                () -> MemorySegment.ofAddress(target)
                        .reinterpret(bytes)
                        .copyFrom(MemorySegment.ofAddress(source).reinterpret(bytes)));
    }

    @Override
    public void finish(MemorySegment stream) {
        until(queues.get(stream.address())::isEmpty);
    }

    @Override
    public void destroyStream(MemorySegment stream) {
        assertThat(queues.remove(stream.address())).isEmpty();
    }

    @Override
    public void destroyEvent(MemorySegment event) {
        assertThat(events.remove(event.address())).isNotNull();
    }
}
