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
import io.github.cogvideo4j.inference.watch.WatchReport.Mark;
import io.github.cogvideo4j.inference.watch.WatchReport.State;
import io.github.cogvideo4j.inference.watch.WatchReport.Trouble;
import io.github.cogvideo4j.inference.watch.WatchReport.WatchedCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a watch knows of each checkpoint: its report, and where the checkpoints are.
///
/// A checkpoint goes from unfinished to waiting to done or failed, and is gone when it is deleted before that. One
/// that was written again under the same name (its newest file is another one) begins anew.
final class WatchBook {
    private static final Comparator<WatchedCheckpoint> ORDER = Comparator.comparing(WatchedCheckpoint::kind)
            .thenComparingLong(WatchedCheckpoint::number)
            .thenComparing(WatchedCheckpoint::name);

    private final WatchReport base;
    private final Map<String, WatchedCheckpoint> entries = new LinkedHashMap<>();
    private final Map<String, Path> places = new HashMap<>();
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
        return new WatchReport(
                base.run(),
                base.model(),
                base.seed(),
                base.full(),
                base.prompts(),
                entries.values().stream().sorted(ORDER).toList());
    }

    /// Whether nothing new can be seen of a checkpoint: what is known of it holds for the files that are there.
    boolean isKnown(RunCheckpoint checkpoint) {
        WatchedCheckpoint entry = entries.get(checkpoint.name());
        return entry != null
                && (entry.state() == State.DONE || entry.state() == State.FAILED || entry.state() == State.WAITING)
                && isSame(entry, checkpoint.path());
    }

    /// Whether a checkpoint's newest file is the one that it was.
    private boolean isSame(WatchedCheckpoint entry, Path path) {
        if (entry.mark().isEmpty()) {
            return false;
        }
        Mark mark = entry.mark().get();
        Path parent = Objects.requireNonNullElse(path.getParent(), Path.of(""));
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(parent.resolve(mark.file()), BasicFileAttributes.class);
            return attributes.size() == mark.size()
                    && attributes.lastModifiedTime().toMillis() == mark.modified();
        } catch (IOException _) {
            return false;
        }
    }

    /// Whether a checkpoint is still what it was when it was found complete.
    boolean isStill(WatchedCheckpoint entry) {
        Path place = places.get(entry.name());
        return place != null && isSame(entry, place);
    }

    /// Where a checkpoint was at the last look.
    Optional<Path> place(WatchedCheckpoint entry) {
        return Optional.ofNullable(places.get(entry.name()));
    }

    /// Takes in what a look saw.
    ///
    /// @return the checkpoints of which something is new
    List<WatchedCheckpoint> take(Look look) {
        run = look.run();
        places.clear();
        look.present().forEach(one -> places.put(one.name(), one.path()));
        List<WatchedCheckpoint> changed = new ArrayList<>();
        for (WatchedCheckpoint entry : List.copyOf(entries.values())) {
            WatchedCheckpoint now = entry;
            boolean deleted = !places.containsKey(entry.name());
            if (deleted && (entry.state() == State.UNFINISHED || entry.state() == State.WAITING)) {
                now = entry.in(State.GONE, true, Optional.of(gone(entry)), entry.mark());
            } else if (deleted != entry.deleted() && entry.state() != State.GONE) {
                now = entry.in(entry.state(), deleted, entry.problem(), entry.mark());
            }
            put(now, entry, changed);
        }
        for (Sighting sighting : look.sightings()) {
            WatchedCheckpoint before = entries.get(sighting.checkpoint().name());
            put(seen(sighting, Optional.ofNullable(before)), before, changed);
        }
        return changed;
    }

    private void put(WatchedCheckpoint now, @Nullable WatchedCheckpoint before, List<WatchedCheckpoint> changed) {
        if (!now.equals(before)) {
            entries.put(now.name(), now);
            changed.add(now);
        }
    }

    private WatchedCheckpoint seen(Sighting sighting, Optional<WatchedCheckpoint> before) {
        RunCheckpoint checkpoint = sighting.checkpoint();
        return switch (sighting) {
            // What was done of it stays until it has been written again as a whole.
            case Unfinished unfinished
            when before.filter(entry -> entry.state() == State.DONE || entry.state() == State.FAILED)
                    .isPresent() -> before.get();
            case Unfinished unfinished -> {
                Optional<Trouble> problem = Optional.of(Trouble.of(unfinished.problem()));
                yield before.map(entry -> entry.in(State.UNFINISHED, false, problem, entry.mark()))
                        .orElseGet(() -> fresh(checkpoint, State.UNFINISHED, problem, Optional.empty()));
            }
            case Complete complete ->
                waiting(checkpoint, mark(checkpoint, complete.newest(), complete.identity()), before);
            case Unusable unusable ->
                fresh(
                        checkpoint,
                        State.FAILED,
                        Optional.of(Trouble.of(unusable.problem())),
                        Optional.of(mark(checkpoint, unusable.newest(), unusable.identity())));
        };
    }

    /// Of a checkpoint that comes back as it was, what had been done still counts.
    private static WatchedCheckpoint waiting(RunCheckpoint checkpoint, Mark mark, Optional<WatchedCheckpoint> before) {
        return before.filter(entry -> entry.mark().equals(Optional.of(mark)))
                .map(entry -> entry.in(State.WAITING, false, Optional.empty(), Optional.of(mark)))
                .orElseGet(() -> fresh(checkpoint, State.WAITING, Optional.empty(), Optional.of(mark)));
    }

    private Mark mark(RunCheckpoint checkpoint, Path newest, FileIdentity identity) {
        Path parent = Objects.requireNonNullElse(checkpoint.path().getParent(), run);
        String file = parent.relativize(newest).toString().replace('\\', '/');
        return new Mark(file, identity.size(), identity.modified().toEpochMilli());
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
    Optional<WatchedCheckpoint> note(WatchedCheckpoint entry) {
        WatchedCheckpoint before = entries.get(entry.name());
        boolean replaced = before != null && !before.mark().equals(entry.mark());
        if (replaced || (places.containsKey(entry.name()) && !isStill(entry))) {
            return Optional.empty();
        }
        WatchedCheckpoint now = before != null && before.state() == State.GONE && entry.state() == State.WAITING
                ? entry.in(State.GONE, true, before.problem(), entry.mark())
                : entry;
        List<WatchedCheckpoint> changed = new ArrayList<>();
        put(now, before, changed);
        return changed.stream().findFirst();
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
                .filter(entry -> entry.state() == State.WAITING)
                .min(ORDER);
    }

    /// Whether some checkpoint was not complete at the last look.
    boolean hasUnfinished() {
        return entries.values().stream().anyMatch(entry -> entry.state() == State.UNFINISHED);
    }

    /// The checkpoint of the same kind before another one that is still in the run.
    Optional<WatchedCheckpoint> before(WatchedCheckpoint checkpoint) {
        return entries.values().stream()
                .filter(entry -> entry.kind().equals(checkpoint.kind()) && entry.number() < checkpoint.number())
                .filter(entry -> entry.state() == State.DONE && isStill(entry))
                .max(ORDER);
    }
}
