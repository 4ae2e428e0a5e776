package io.github.cogvideo4j.checkpoints.internal.convert;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;

/// The writing back of a file's bytes to the disk while more are being made. An operating system keeps gigabytes of
/// them in memory until it is told to sync, and a sync at the end would leave the disk idle before it and the
/// processor after.
final class Writeback {
    /// Large enough that the disk streams, small enough that little is left for the end.
    private static final long STEP = 32L << 20;

    private final FileChannel channel;
    private final AtomicLong waiting = new AtomicLong();
    private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);

    Writeback(FileChannel channel) {
        this.channel = channel;
    }

    /// Tells that bytes were written. May be called by several threads.
    void wrote(int bytes) {
        if (waiting.addAndGet(bytes) >= STEP) {
            start();
        }
    }

    /// Starts a sync unless one is running. One that failed stays: its error is reported once only, by the
    /// operating system and here.
    private synchronized void start() {
        if (running.isDone() && !running.isCompletedExceptionally() && waiting.get() >= STEP) {
            waiting.set(0);
            running = CompletableFuture.runAsync(
                    this::sync,
                    task -> Thread.ofPlatform().daemon().name("writeback").start(task));
        }
    }

    private void sync() {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Waits for what was started.
    ///
    /// @throws IOException when bytes did not reach the disk
    synchronized void finish() throws IOException {
        try {
            running.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof UncheckedIOException cause ? cause.getCause() : new IOException(e);
        }
    }
}
