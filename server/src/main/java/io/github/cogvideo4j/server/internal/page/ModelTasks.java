package io.github.cogvideo4j.server.internal.page;

import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Work on a model's weights that takes minutes: one at a time, on one thread, so that videos hardly feel it. Of each
/// kind and model the newest result is kept.
final class ModelTasks implements AutoCloseable {
    private final Map<Task, State> states = new ConcurrentHashMap<>();
    private final Cancellation cancellation = new Cancellation();
    private final ExecutorService worker = new ThreadPoolExecutor(
            0,
            1,
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("model-tasks").daemon().factory());

    /// What is done with which model.
    ///
    /// @param model its name
    /// @param what  which work
    record Task(String model, String what) {}

    /// How far a task is.
    sealed interface State {}

    /// Waits, or runs.
    record Running(AtomicLong done, AtomicLong total) implements State {
        /// From 0 to 1.
        double progress() {
            return total.get() <= 0 ? 0 : Math.min(1, (double) done.get() / total.get());
        }
    }

    /// Came to a result.
    record Done(Object result, Instant finished) implements State {}

    /// Came to nothing.
    record Failed(Message why) implements State {}

    /// The work itself.
    @FunctionalInterface
    interface Work {
        /// Does it.
        Object run(JobControl control) throws IOException;
    }

    /// Starts a task, unless it is going on.
    void start(Task task, Work work) {
        states.compute(task, (_, before) -> {
            if (before instanceof Running) {
                return before;
            }
            Running running = new Running(new AtomicLong(), new AtomicLong());
            // The result is put in place after this one: the map makes it wait.
            worker.execute(() -> states.put(task, finished(work, running)));
            return running;
        });
    }

    Optional<State> state(Task task) {
        return Optional.ofNullable(states.get(task));
    }

    private State finished(Work work, Running running) {
        try {
            return new Done(work.run(new JobControl(event -> count(event, running), cancellation)), Instant.now());
        } catch (IOException e) {
            return new Failed(
                    Message.of("server.page.unreadable", e.getMessage() == null ? e.toString() : e.getMessage()));
        } catch (RuntimeException e) {
            return new Failed(problem(e).map(Problem::message).orElseGet(() -> Message.of("server.page.failed", e)));
        }
    }

    private static Optional<Problem> problem(RuntimeException e) {
        return e instanceof CarriesProblem carrier ? Optional.of(carrier.problem()) : Optional.empty();
    }

    private static void count(JobEvent event, Running running) {
        switch (event) {
            case JobEvent.Begun begun -> {
                running.done().set(0);
                running.total().set(begun.total());
            }
            case JobEvent.Advanced advanced -> running.done().addAndGet(advanced.amount());
            default -> {}
        }
    }

    /// Lets go of what runs, within a tensor.
    @Override
    public void close() {
        cancellation.cancel();
        worker.shutdownNow();
    }
}
