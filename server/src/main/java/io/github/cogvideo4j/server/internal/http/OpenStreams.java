package io.github.cogvideo4j.server.internal.http;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The event streams that are open, counted by the name of their key.
final class OpenStreams {
    private final int mostOfAKey;
    private final int most;
    private final Map<String, Integer> counts = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition left = lock.newCondition();
    private int all;
    private volatile boolean closed;

    /// @param mostOfAKey the most streams of one key
    /// @param most       the most streams of all keys
    OpenStreams(int mostOfAKey, int most) {
        this.mostOfAKey = mostOfAKey;
        this.most = most;
    }

    /// Counts one more stream of a key. Whoever was let in leaves; one that was refused does not.
    ///
    /// @return whether there is room for it
    boolean enter(String owner) {
        lock.lock();
        try {
            int own = counts.getOrDefault(owner, 0);
            if (closed || all >= most || own >= mostOfAKey) {
                return false;
            }
            counts.put(owner, own + 1);
            all++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// A stream that was let in is over.
    void leave(String owner) {
        lock.lock();
        try {
            counts.computeIfPresent(owner, (_, count) -> count > 1 ? count - 1 : null);
            all--;
            left.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Whether streams are to end.
    boolean isClosed() {
        return closed;
    }

    /// Lets no more streams in, and waits until all have left, but not longer than a time.
    void close(Duration most) {
        long nanos = most.toNanos();
        lock.lock();
        try {
            closed = true;
            while (all > 0 && nanos > 0) {
                nanos = left.awaitNanos(nanos);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }
}
