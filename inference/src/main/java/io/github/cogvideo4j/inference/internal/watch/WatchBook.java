package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.internal.source.RunListing.RunCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Complete;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Look;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Sighting;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Unfinished;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.Unusable;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchRequest.Event.Changed;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Mark;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Trouble;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// What a watch knows of each checkpoint: its report, and where the checkpoints are.
///
/// A checkpoint goes from unfinished to waiting to done or failed, and is gone when it is deleted before that. One
/// that was written again under the same name begins anew when its weights are others.
final class WatchBook {
    private static final Comparator<WatchedCheckpoint> ORDER = Comparator.comparing(WatchedCheckpoint::kind)
            .thenComparingLong(WatchedCheckpoint::number)
            .thenComparing(WatchedCheckpoint::name);

    private final WatchReport base;
    private final Map<String, WatchedCheckpoint> entries = new LinkedHashMap<>();
    private final Map<String, Path> places = new HashMap<>();
    /// Those with results whose files were written again and have settled, with the newest of them: whether the
    /// weights are others has not been read yet.
    private final Map<String, Mark> rewritten = new HashMap<>();
    /// Those with results whose files are being written again or deleted.
    private final Set<String> moving = new HashSet<>();
    private Path run;

    /// @param report what is known already
    /// @param run    the run's folder
    WatchBook(WatchReport report, Path run) {
        this.base = report;
        this.run = run;
        report.checkpoints().forEach(entry -> entries.put(entry.name(), entry));
    }

    /// All of it.
    WatchReport report() {
        return base.with(entries.values().stream().sorted(ORDER).toList());
    }

    /// Whether nothing new can be seen of a checkpoint: what is known of it holds for the files that are there.
    boolean isKnown(RunCheckpoint checkpoint) {
        WatchedCheckpoint entry = entries.get(checkpoint.name());
        if (entry == null) {
            return false;
        }
        Optional<Mark> mark = Optional.ofNullable(rewritten.get(entry.name()));
        if (mark.isEmpty() && (isExamined(entry) || entry.state() == State.WAITING)) {
            mark = entry.mark();
        }
        return mark.filter(file -> isSame(file, checkpoint.path())).isPresent();
    }

    private static boolean isExamined(WatchedCheckpoint entry) {
        return entry.state() == State.DONE || entry.state() == State.FAILED;
    }

    /// Whether a checkpoint's newest file is the one that it was.
    private static boolean isSame(Mark mark, Path checkpoint) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file(mark, checkpoint), BasicFileAttributes.class);
            return attributes.size() == mark.size()
                    && attributes.lastModifiedTime().toMillis() == mark.modified();
        } catch (IOException _) {
            return false;
        }
    }

    private static Path file(Mark mark, Path checkpoint) {
        return Objects.requireNonNullElse(checkpoint.getParent(), Path.of("")).resolve(mark.file());
    }

    /// Whether a checkpoint is still what it was when it was found complete.
    boolean isStill(WatchedCheckpoint entry) {
        return !isRewritten(entry) && isThere(entry);
    }

    /// Where a checkpoint was at the last look.
    Optional<Path> place(WatchedCheckpoint entry) {
        return Optional.ofNullable(places.get(entry.name()));
    }

    /// Takes in what a look saw.
    ///
    /// @return what is new
    List<Changed> take(Look look) {
        run = look.run();
        places.clear();
        look.present().forEach(one -> places.put(one.name(), one.path()));
        rewritten.keySet().retainAll(places.keySet());
        moving.clear();
        List<Changed> changed = new ArrayList<>();
        for (WatchedCheckpoint entry : List.copyOf(entries.values())) {
            WatchedCheckpoint now = entry;
            boolean deleted = !places.containsKey(entry.name());
            if (deleted && (entry.state() == State.UNFINISHED || entry.state() == State.WAITING)) {
                now = entry.in(State.GONE, true, Optional.of(gone(entry)), entry.mark());
            } else if (deleted != entry.deleted() && entry.state() != State.GONE) {
                now = entry.in(entry.state(), deleted, entry.problem(), entry.mark());
            }
            put(now).ifPresent(changed::add);
        }
        for (Sighting sighting : look.sightings()) {
            String name = sighting.checkpoint().name();
            rewritten.remove(name);
            put(seen(sighting, Optional.ofNullable(entries.get(name)))).ifPresent(changed::add);
        }
        return changed;
    }

    private Optional<Changed> put(WatchedCheckpoint now) {
        Optional<WatchedCheckpoint> before = Optional.ofNullable(entries.put(now.name(), now));
        return before.equals(Optional.of(now)) ? Optional.empty() : Optional.of(new Changed(now, before));
    }

    private WatchedCheckpoint seen(Sighting sighting, Optional<WatchedCheckpoint> before) {
        RunCheckpoint checkpoint = sighting.checkpoint();
        return switch (sighting) {
            case Unfinished unfinished -> unfinished(checkpoint, unfinished.problem(), before);
            case Complete complete ->
                complete(checkpoint, mark(checkpoint, complete.file(), complete.identity(), complete.newest()), before);
            case Unusable unusable -> {
                FileIdentity identity = unusable.identity();
                Mark mark = mark(checkpoint, unusable.file(), identity, identity.modified());
                yield isLeftOver(before, mark, checkpoint)
                        ? leftOver(checkpoint, before)
                        : fresh(
                                checkpoint,
                                State.FAILED,
                                Optional.of(Trouble.of(unusable.problem())),
                                Optional.of(mark));
            }
        };
    }

    /// What was done of a checkpoint stays until it has been written again as a whole.
    private WatchedCheckpoint unfinished(
            RunCheckpoint checkpoint, Problem problem, Optional<WatchedCheckpoint> before) {
        if (before.filter(WatchBook::isExamined).isPresent()) {
            moving.add(checkpoint.name());
            return before.get();
        }
        Optional<Trouble> why = Optional.of(Trouble.of(problem));
        return before.map(entry -> entry.in(State.UNFINISHED, false, why, entry.mark()))
                .orElseGet(() -> fresh(checkpoint, State.UNFINISHED, why, Optional.empty()));
    }

    /// A checkpoint is the same as long as its newest file is, and as long as its weights are: what only touches
    /// files, or copies them back, makes it no other one. Whether it does has to be read.
    private WatchedCheckpoint complete(RunCheckpoint checkpoint, Mark mark, Optional<WatchedCheckpoint> before) {
        if (before.isEmpty() || before.get().mark().isEmpty()) {
            return fresh(checkpoint, State.WAITING, Optional.empty(), Optional.of(mark));
        }
        WatchedCheckpoint entry = before.get();
        Mark known = entry.mark().get();
        if (known.isSameFile(mark)) {
            return isExamined(entry) ? entry : entry.in(State.WAITING, false, Optional.empty(), entry.mark());
        }
        if (isLeftOver(before, mark, checkpoint)) {
            return leftOver(checkpoint, before);
        }
        if (digest(entry).isPresent()) {
            rewritten.put(entry.name(), mark);
            return entry;
        }
        return fresh(checkpoint, State.WAITING, Optional.empty(), Optional.of(mark));
    }

    /// Whether files are what a deletion has left so far, which may be a checkpoint of its own: the newest is gone,
    /// and none came after it.
    private static boolean isLeftOver(Optional<WatchedCheckpoint> before, Mark now, RunCheckpoint checkpoint) {
        return before.flatMap(WatchedCheckpoint::mark)
                .filter(known -> now.newest() <= known.newest() && !Files.exists(file(known, checkpoint.path())))
                .isPresent();
    }

    private WatchedCheckpoint leftOver(RunCheckpoint checkpoint, Optional<WatchedCheckpoint> before) {
        return unfinished(
                checkpoint,
                Problem.of(ProblemCode.ASSUMED, Place.of(checkpoint.path()), "inference.watch.deleting"),
                before);
    }

    private static Optional<String> digest(WatchedCheckpoint entry) {
        return entry.values().flatMap(Values::digest);
    }

    /// Whether the files are still there that a checkpoint was last found complete with.
    boolean isThere(WatchedCheckpoint entry) {
        Path place = places.get(entry.name());
        return place != null
                && Optional.ofNullable(rewritten.get(entry.name()))
                        .or(entry::mark)
                        .filter(mark -> isSame(mark, place))
                        .isPresent();
    }

    /// Whether a checkpoint's files were written again, so that its weights have to be read to know whether it is
    /// the same.
    boolean isRewritten(WatchedCheckpoint entry) {
        return rewritten.containsKey(entry.name());
    }

    /// Notes what the weights of a checkpoint are whose files were written again.
    ///
    /// @param digest of its weights; none when they cannot be read
    /// @return what is known of it now, if that is new
    Optional<Changed> reread(WatchedCheckpoint entry, Optional<String> digest) {
        Mark mark = isThere(entry) ? rewritten.remove(entry.name()) : null;
        if (mark == null) {
            return Optional.empty();
        }
        WatchedCheckpoint now = Objects.requireNonNullElse(entries.get(entry.name()), entry);
        if (digest.isEmpty() || !digest.equals(digest(now))) {
            return put(WatchedCheckpoint.fresh(
                    now.name(), now.kind(), now.number(), State.WAITING, Optional.empty(), Optional.of(mark)));
        }
        return put(
                isExamined(now)
                        ? now.in(now.state(), now.deleted(), now.problem(), Optional.of(mark))
                        : now.in(State.WAITING, false, Optional.empty(), Optional.of(mark)));
    }

    private Mark mark(RunCheckpoint checkpoint, Path path, FileIdentity identity, Instant newest) {
        Path parent = Objects.requireNonNullElse(checkpoint.path().getParent(), run);
        String file = parent.relativize(path).toString().replace('\\', '/');
        return new Mark(file, identity.size(), identity.modified().toEpochMilli(), newest.toEpochMilli());
    }

    private static WatchedCheckpoint fresh(
            RunCheckpoint checkpoint, State state, Optional<Trouble> problem, Optional<Mark> mark) {
        return WatchedCheckpoint.fresh(checkpoint.name(), checkpoint.kind(), checkpoint.number(), state, problem, mark);
    }

    private Trouble gone(WatchedCheckpoint entry) {
        String key = entry.state() == State.UNFINISHED ? "inference.watch.gone-unfinished" : "inference.watch.gone";
        return Trouble.of(Problem.of(ProblemCode.SOURCE_CHANGED, Place.of(run.resolve(entry.name())), key));
    }

    /// Notes what has been done of a checkpoint. What was made of one that has been written again meanwhile is
    /// worth nothing; one that has been deleted meanwhile is done when all is done, and gone otherwise.
    ///
    /// @return what is known of it now, if that is new
    Optional<Changed> note(WatchedCheckpoint entry) {
        WatchedCheckpoint before = entries.get(entry.name());
        boolean replaced = before != null && !before.mark().equals(entry.mark());
        if (replaced || (places.containsKey(entry.name()) && !isStill(entry))) {
            return Optional.empty();
        }
        WatchedCheckpoint now = before != null && before.state() == State.GONE && entry.state() == State.WAITING
                ? entry.in(State.GONE, true, before.problem(), entry.mark())
                : entry;
        return put(now);
    }

    /// The checkpoint with a name.
    Optional<WatchedCheckpoint> entry(String name) {
        return Optional.ofNullable(entries.get(name));
    }

    /// What is known of a checkpoint once its work has failed.
    WatchedCheckpoint failed(WatchedCheckpoint entry, Problem problem) {
        return entry.in(State.FAILED, entry.deleted(), Optional.of(Trouble.of(problem)), entry.mark());
    }

    /// The checkpoint whose turn it is: the oldest, which is deleted first.
    Optional<WatchedCheckpoint> next() {
        return entries.values().stream()
                .filter(entry -> entry.state() == State.WAITING || isRewritten(entry))
                .min(ORDER);
    }

    /// Whether some checkpoint was not complete at the last look.
    boolean hasUnfinished() {
        return !moving.isEmpty() || entries.values().stream().anyMatch(entry -> entry.state() == State.UNFINISHED);
    }

    /// The checkpoint of the same kind before another one that is still in the run.
    Optional<WatchedCheckpoint> before(WatchedCheckpoint checkpoint) {
        return entries.values().stream()
                .filter(entry -> entry.kind().equals(checkpoint.kind()) && entry.number() < checkpoint.number())
                .filter(entry -> entry.state() == State.DONE && isStill(entry))
                .max(ORDER);
    }
}
