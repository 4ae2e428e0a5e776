package io.github.cogvideo4j.inference.internal.runtime;

import io.github.cogvideo4j.checkpoints.CancelledException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// The one user of libtorch in this process. libtorch has one number of threads and one pool of memory for a
/// device: two computations at the same time would have each other's threads, and the memory
/// that was planned for one would be used up by the other. So a computation holds a lease, and others wait.
public final class DeviceOwner {
    private static final ReentrantLock ONE = new ReentrantLock(true);
    private static final long PATIENCE_MILLIS = 100;
    /// Longer than an operation of libtorch takes, shorter than what a service manager grants.
    private static final int LONGEST_WAIT = 300;

    /// Released when the computation has come to rest because the virtual machine goes down.
    private static final CountDownLatch AT_REST = new CountDownLatch(1);

    /// What is done first when the virtual machine goes down, while computations still run and can be ended.
    private static final List<Runnable> BEFORE = new CopyOnWriteArrayList<>();

    private static volatile boolean closing;

    static {
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(DeviceOwner::comeToRest));
    }

    private DeviceOwner() {}

    /// The end of the process unloads the code that libtorch compiles for its operations; a thread that still runs
    /// it would crash. So the end waits until the running operation is over.
    private static void comeToRest() {
        for (Runnable first : BEFORE) {
            try {
                first.run();
            } catch (RuntimeException _) {
                // Nobody is left to hear of it, and what follows has to be done.
            }
        }
        closing = true;
        try {
            for (int i = 0; i < LONGEST_WAIT; i++) {
                if (ONE.tryLock() || AT_REST.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Has something done when the virtual machine goes down, before computations are brought to rest: it can end them
    /// in good order and wait for that.
    ///
    /// @return takes it back
    public static Runnable beforeRest(Runnable first) {
        BEFORE.add(first);
        return () -> BEFORE.remove(first);
    }

    /// Called between operations. Never returns once the virtual machine goes down.
    static void pass() {
        if (closing && ONE.isHeldByCurrentThread()) {
            AT_REST.countDown();
            while (true) {
                LockSupport.park();
            }
        }
    }

    /// The right to compute, until it is closed by the thread that has it.
    public static final class Lease implements AutoCloseable {
        private Lease() {}

        @Override
        public void close() {
            ONE.unlock();
        }
    }

    /// Waits until no other computation runs, and sets the number of threads.
    ///
    /// @param threads   how many threads an operation may use; at least 1
    /// @param cancelled asked while waiting
    /// @throws CancelledException when it is no longer wanted, or the thread was interrupted
    public static Lease acquire(int threads, BooleanSupplier cancelled) {
        try {
            while (!ONE.tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                if (cancelled.getAsBoolean()) {
                    throw new CancelledException();
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new CancelledException();
        }
        try {
            Torch.start(threads);
            return new Lease();
        } catch (RuntimeException | Error e) {
            ONE.unlock();
            throw e;
        }
    }
}
