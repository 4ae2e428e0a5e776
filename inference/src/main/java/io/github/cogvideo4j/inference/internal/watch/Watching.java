package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.InferenceException;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.watch.WatchRequest;
import io.github.cogvideo4j.inference.watch.WatchRequest.Event;
import io.github.cogvideo4j.inference.watch.WatchRequest.Result;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// A watch: looks at the run, works on the oldest checkpoint that is complete, and looks again, also while it
/// works.
final class Watching implements JobPlan<Result> {
    /// How often in a row the disk may fail before the watch gives up: a file server that restarts is away for a
    /// while.
    private static final int MOST_FAILURES = 10;

    private final WatchRequest request;
    private final RunWatch run;
    private final ReportFolder folder;
    private final WatchBook book;
    private final CheckpointWork work;
    private final WatchTime time;
    private final ReentrantLock looking = new ReentrantLock();
    private final Set<String> meant = new HashSet<>();
    private volatile long looked;
    private boolean unwritten;
    private int failures;
    private int losses;

    /// @param folder is closed with this
    Watching(
            WatchRequest request,
            RunWatch run,
            ReportFolder folder,
            WatchBook book,
            CheckpointWork work,
            WatchTime time) {
        this.request = request;
        this.run = run;
        this.folder = folder;
        this.book = book;
        this.work = work;
        this.time = time;
    }

    @Override
    public Result run(JobControl control) throws IOException {
        boolean settled = false;
        look(control);
        meant.addAll(names());
        while (true) {
            control.check();
            Optional<WatchedCheckpoint> alarmed = alarmed();
            if (alarmed.isPresent()) {
                stop(alarmed.get());
                return new Result(book.report(), alarmed);
            }
            Optional<WatchedCheckpoint> next =
                    book.next().filter(entry -> !request.once() || meant.contains(entry.name()));
            if (next.isPresent()) {
                examine(next.get(), control);
            } else if (request.once() && (settled || !book.hasUnfinished())) {
                return new Result(book.report(), Optional.empty());
            } else {
                control.detail(new Event.Waiting(count()));
                time.pause(request.interval(), control);
                settled = true;
            }
            look(control);
        }
    }

    private List<String> names() {
        return book.report().checkpoints().stream().map(WatchedCheckpoint::name).toList();
    }

    private long count() {
        return book.report().checkpoints().stream()
                .filter(entry -> entry.state() == State.DONE)
                .count();
    }

    private Optional<WatchedCheckpoint> alarmed() {
        return book.report().checkpoints().stream()
                .filter(entry -> entry.alarms().stream().anyMatch(request::endsWith))
                .findFirst();
    }

    /// Writes the file that the trainer's script looks for.
    private void stop(WatchedCheckpoint checkpoint) throws IOException {
        String text = checkpoint.alarms().stream()
                .filter(request::endsWith)
                .map(alarm -> checkpoint.name() + ": " + alarm.kind().id() + ": " + alarm.english() + "\n")
                .reduce("", String::concat);
        OutputFile.write(request.stop(), true, unfinished -> Files.writeString(unfinished, text));
    }

    /// Looks at the run, and keeps what is new.
    private void look(JobControl control) throws IOException {
        looking.lock();
        try {
            looked = time.nanos();
            List<Event.Changed> changed;
            try {
                changed = book.take(run.look(book::isKnown));
                failures = 0;
            } catch (IOException e) {
                failed(e);
                return;
            }
            unwritten |= !changed.isEmpty();
            if (unwritten) {
                write();
                changed.forEach(control::detail);
            }
        } finally {
            looking.unlock();
        }
    }

    private void write() throws IOException {
        unwritten = true;
        folder.write(book.report());
        unwritten = false;
    }

    /// A run on a file server that does not answer is looked at again.
    private void failed(IOException e) throws IOException {
        failures++;
        if (request.once() || failures > MOST_FAILURES) {
            throw e;
        }
    }

    private void examine(WatchedCheckpoint entry, JobControl control) throws IOException {
        Path path = book.place(entry).orElseThrow();
        Optional<CheckpointWork.Before> before = book.before(entry)
                .flatMap(found -> book.place(found).map(place -> new CheckpointWork.Before(found.name(), place)));
        try {
            if (book.isRewritten(entry)) {
                reread(entry, path, control);
            } else {
                note(work.examine(entry, path, before, sofar -> keep(sofar, control), glancing(control)), control);
            }
            losses = 0;
        } catch (Alarmed _) {
            // The weights tell enough: no videos are made of them.
        } catch (CancelledException e) {
            throw e;
        } catch (CheckpointException e) {
            fail(entry, e.problem(), e, control);
        } catch (FormatException e) {
            fail(entry, e.problem(), e, control);
        } catch (InferenceException e) {
            fail(entry, e.problem(), e, control);
        } catch (UncheckedIOException e) {
            lost(entry, Objects.requireNonNullElseGet(e.getCause(), () -> new IOException(e)), control);
        } catch (IOException e) {
            lost(entry, e, control);
        }
    }

    /// Reads a checkpoint's weights again: as long as they are the same, nothing else is done again.
    private void reread(WatchedCheckpoint entry, Path path, JobControl control) throws IOException {
        Optional<String> digest = Optional.empty();
        try {
            digest = Optional.of(work.digest(path, glancing(control)));
        } catch (CancelledException e) {
            throw e;
        } catch (CheckpointException _) {
            // What is damaged is not what it was; its examination says so.
        } catch (FormatException _) {
            // The same.
        }
        looking.lock();
        try {
            told(book.reread(entry, digest), control);
        } finally {
            looking.unlock();
        }
    }

    /// The end of the work on a checkpoint whose alarms end the watch.
    private static final class Alarmed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private void keep(WatchedCheckpoint sofar, JobControl control) throws IOException {
        note(sofar, control);
        if (sofar.alarms().stream().anyMatch(request::endsWith)) {
            throw new Alarmed();
        }
    }

    private void note(WatchedCheckpoint sofar, JobControl control) throws IOException {
        looking.lock();
        try {
            told(book.note(sofar), control);
        } finally {
            looking.unlock();
        }
    }

    private void told(Optional<Event.Changed> changed, JobControl control) throws IOException {
        write();
        changed.ifPresent(control::detail);
    }

    /// A checkpoint that is no longer what it was is no failure: the next look says what became of it.
    private void fail(WatchedCheckpoint entry, Problem problem, RuntimeException failure, JobControl control)
            throws IOException {
        if (problem.code().category() == Category.ENVIRONMENT) {
            throw failure;
        }
        WatchedCheckpoint now = book.entry(entry.name()).orElse(entry);
        if (book.isStill(now)) {
            note(book.failed(now, problem), control);
        }
    }

    /// A checkpoint that was deleted meanwhile is no failure either; a disk that cannot read it is given time.
    private void lost(WatchedCheckpoint entry, IOException failure, JobControl control) throws IOException {
        if (book.isThere(entry)) {
            losses++;
            if (request.once() || losses > MOST_FAILURES) {
                throw failure;
            }
            time.pause(request.interval(), control);
        }
    }

    /// A control that looks at the run between pieces of work, so that no checkpoint comes and goes unseen.
    private JobControl glancing(JobControl control) {
        return new JobControl(
                event -> {
                    control.listener().on(event);
                    if (!(event instanceof JobEvent.Detail)
                            && time.nanos() - looked > request.interval().toNanos()
                            && looking.tryLock()) {
                        try {
                            look(control);
                        } catch (IOException _) {
                            // The next look between two checkpoints tells.
                        } finally {
                            looking.unlock();
                        }
                    }
                },
                control.cancellation());
    }

    @Override
    public void close() {
        try {
            folder.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
