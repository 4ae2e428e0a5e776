package io.github.cogvideo4j.checkpoints.internal.parallel;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// The same work for many tensors, several at a time, with the results in order. The first failure ends it.
public final class ParallelTensors {
    private ParallelTensors() {}

    /// Work on one item.
    ///
    /// @param <T> the item
    /// @param <R> what comes of it
    @FunctionalInterface
    public interface Work<T, R> {
        /// Does it.
        R apply(T item) throws IOException;
    }

    /// Does the work for every item.
    ///
    /// @param items   the items
    /// @param threads how many at once
    /// @param work    the work
    public static <T, R> List<R> map(List<T> items, int threads, Work<T, R> work) throws IOException {
        try (ExecutorService pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("tensor-", 0).factory())) {
            List<Future<R>> futures = new ArrayList<>();
            for (T item : items) {
                futures.add(pool.submit(() -> work.apply(item)));
            }
            try {
                List<R> results = new ArrayList<>();
                for (Future<R> future : futures) {
                    results.add(future.get());
                }
                return results;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new java.io.InterruptedIOException("interrupted");
            } catch (ExecutionException e) {
                throw rethrow(Objects.requireNonNull(e.getCause(), "a failed task has a cause"));
            } finally {
                futures.forEach(future -> future.cancel(false));
            }
        }
    }

    private static IOException rethrow(Throwable cause) {
        return switch (cause) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> new IOException(cause);
        };
    }
}
