package io.github.cogvideo4j.inference.internal.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// A lane that counts the bytes on the device, holds its users to the order of calls, and copies as late as a device
/// may: until then a place holds bytes that are no numbers.
public final class CountingLane implements CopyLane {
    private enum State {
        FREE,
        FILLED,
        SENT,
        READ
    }

    /// What all lanes of a test came to.
    public static final class Count {
        private final IntPredicate failing;
        private final List<Integer> sent = new ArrayList<>();
        private int calls;
        private long bytes;
        private long most;

        /// @param failing of which call, counted from 1, memory is used up: of an opening or of a copy
        public Count(IntPredicate failing) {
            this.failing = failing;
        }

        /// Makes lanes that are counted.
        public CopyLane.Maker maker() {
            return size -> {
                call("Tried to allocate " + size + " bytes.");
                return new CountingLane(this, size);
            };
        }

        private void call(String words) {
            calls++;
            if (failing.test(calls)) {
                throw new IllegalStateException("CUDA out of memory. " + words);
            }
        }

        /// The bytes that are on the device now.
        public long bytes() {
            return bytes;
        }

        /// The most that were there at a time.
        public long most() {
            return most;
        }

        /// The places that copies went to.
        public List<Integer> sent() {
            return sent;
        }
    }

    private final Count count;
    private final LaneMemory memory;
    private final State[] states = new State[PLACES];

    private CountingLane(Count count, long bytes) {
        this.count = count;
        this.memory = new LaneMemory(io.github.cogvideo4j.inference.internal.runtime.ComputeDevice.CPU, bytes, false);
        Arrays.fill(states, State.FREE);
        count.bytes += PLACES * bytes;
        count.most = Math.max(count.most, count.bytes);
    }

    private void step(int place, State to, State... from) {
        assertThat(states[place]).as("place %d on its way to %s", place, to).isIn((Object[]) from);
        states[place] = to;
    }

    @Override
    public Tensor staging(int place) {
        step(place, State.FILLED, State.FREE, State.SENT);
        return memory.staging(place);
    }

    @Override
    public void send(int place) {
        count.call("Tried to copy.");
        step(place, State.SENT, State.FILLED);
        count.sent.add(place);
        try (PointerScope _ = new PointerScope()) {
            memory.place(place).fill_(new Scalar(0xFF));
        }
    }

    @Override
    public Tensor arrived(int place) {
        boolean late = states[place] == State.SENT;
        step(place, State.READ, State.SENT, State.FREE);
        if (late) {
            try (PointerScope _ = new PointerScope()) {
                memory.place(place).copy_(memory.staging(place));
            }
        }
        return memory.place(place);
    }

    @Override
    public void done(int place) {
        step(place, State.FREE, State.READ);
    }

    @Override
    public void close() {
        count.bytes -= memory.place(0).nbytes() + memory.place(1).nbytes();
        memory.close();
    }
}
