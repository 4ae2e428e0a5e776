package io.github.cogvideo4j.checkpoints.internal.watch;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.source.RunFiles;
import io.github.cogvideo4j.checkpoints.internal.source.RunFolders;
import io.github.cogvideo4j.checkpoints.internal.source.RunListing;
import io.github.cogvideo4j.checkpoints.internal.source.RunListing.RunCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// A run that is looked at from time to time: which checkpoints are in it, and which of them are complete.
///
/// A checkpoint is complete when nothing says that its trainer is still writing it: its files have kept their sizes
/// and times for a while, no program of this machine has one open for writing, the trainer's own marks are there
/// ([TrainerMarks]), and all files that its weights need open and have the length that they claim. The while is
/// measured by this process's clock between two looks, so clocks of file servers do not matter; nothing relies on
/// being notified. Where a mark is missing that not every trainer writes, a checkpoint has to rest for ten times as
/// long, or be an hour old by its files.
public final class RunWatch {
    private static final int PATIENCE = 10;
    private static final Duration OLD = Duration.ofHours(1);
    private static final String SECOND_COPY = "-compatible_with_comfyui";
    private static final Set<String> OUTPUTS = Set.of("epochN", "stepN");
    private static final String STATE_FOR_RESUMING = "global_stepN";

    private final Path run;
    private final TrainerActivity activity;
    private final LongSupplier clock;
    private final InstantSource calendar;
    private final long settle;
    private final Map<Path, Rest> rests = new HashMap<>();

    /// A checkpoint's files, and since when they are so.
    private record Rest(SortedMap<Path, FileIdentity> files, long since) {}

    /// What was seen of a checkpoint.
    public sealed interface Sighting {
        /// The checkpoint.
        RunCheckpoint checkpoint();
    }

    /// A checkpoint that its trainer is still writing, as far as can be seen.
    ///
    /// @param checkpoint the checkpoint
    /// @param problem    what is missing
    public record Unfinished(RunCheckpoint checkpoint, Problem problem) implements Sighting {}

    /// A checkpoint that is complete.
    ///
    /// @param checkpoint the checkpoint
    /// @param weights    its weights
    /// @param file       of the files that its weights need the one that was written last: what a trainer adds
    ///                   later (an optimizer, a mark) makes it no other checkpoint
    /// @param identity   what that file is
    /// @param newest     when the last of all its files was written
    public record Complete(
            RunCheckpoint checkpoint, CheckpointWeights weights, Path file, FileIdentity identity, Instant newest)
            implements Sighting {}

    /// A checkpoint that is complete and cannot be used.
    ///
    /// @param checkpoint the checkpoint
    /// @param problem    why not
    /// @param file       the file that was written last
    /// @param identity   what that file is
    public record Unusable(RunCheckpoint checkpoint, Problem problem, Path file, FileIdentity identity)
            implements Sighting {}

    /// The weights of a checkpoint: opened, not read.
    public sealed interface CheckpointWeights {
        /// Weights of a whole component.
        ///
        /// @param checkpoint the checkpoint
        record Whole(Checkpoint checkpoint) implements CheckpointWeights {}

        /// An adapter.
        ///
        /// @param adapter the adapter
        /// @param files   the files that it is in
        record Adapter(LoraAdapter adapter, Set<Path> files) implements CheckpointWeights {
            /// Copies the set.
            public Adapter {
                files = Set.copyOf(files);
            }
        }
    }

    /// What one look found.
    ///
    /// @param run      the folder that was looked at
    /// @param present  every checkpoint that is in the run
    /// @param sightings what was seen of those that were not known yet, by kind and number
    public record Look(Path run, List<RunCheckpoint> present, List<Sighting> sightings) {}

    /// @param run      the run's folder, or a folder of runs that are named by when they began: then the newest
    ///                 is meant
    /// @param activity shows whether a program writes
    /// @param clock    the time in nanoseconds, from any beginning
    /// @param calendar what time it is, roughly as the files' times have it
    /// @param settle   how long files have to rest
    public RunWatch(Path run, TrainerActivity activity, LongSupplier clock, InstantSource calendar, Duration settle) {
        this.run = run;
        this.activity = activity;
        this.clock = clock;
        this.calendar = calendar;
        this.settle = settle.toNanos();
    }

    /// Looks at the run.
    ///
    /// @param known whether a checkpoint needs no second look
    /// @throws IOException when the run cannot be listed
    public Look look(Predicate<RunCheckpoint> known) throws IOException {
        Path folder = folder();
        List<RunCheckpoint> present = watched(RunListing.of(folder));
        Set<Path> paths = new HashSet<>();
        List<Sighting> sightings = new ArrayList<>();
        TrainerMarks marks = new TrainerMarks(folder, present);
        for (RunCheckpoint checkpoint : present) {
            paths.add(checkpoint.path());
            if (known.test(checkpoint)) {
                rests.remove(checkpoint.path());
            } else {
                see(checkpoint, marks).ifPresent(sightings::add);
            }
        }
        rests.keySet().retainAll(paths);
        return new Look(folder, present, sightings);
    }

    private Path folder() throws IOException {
        return RunListing.of(run).isEmpty() ? RunFolders.newest(run).orElse(run) : run;
    }

    /// Without what only repeats other checkpoints in another form.
    private static List<RunCheckpoint> watched(List<RunCheckpoint> all) {
        boolean outputs = all.stream().anyMatch(one -> OUTPUTS.contains(one.kind()));
        return all.stream()
                .filter(one -> PlainFileName.of(one.name()).isPresent())
                .filter(one -> !one.kind().contains(SECOND_COPY))
                .filter(one -> !outputs || !one.kind().equals(STATE_FOR_RESUMING))
                .toList();
    }

    /// What is seen of one checkpoint; nothing when it vanishes meanwhile.
    private Optional<Sighting> see(RunCheckpoint checkpoint, TrainerMarks marks) throws IOException {
        try {
            return Optional.of(seen(checkpoint, marks));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        }
    }

    private Sighting seen(RunCheckpoint checkpoint, TrainerMarks marks) throws IOException {
        SortedMap<Path, FileIdentity> files = RunFiles.of(checkpoint.path());
        Optional<Path> newest = newest(files);
        if (newest.isEmpty()) {
            return unfinished(checkpoint, "checkpoints.watch.empty");
        }
        FileIdentity identity = Objects.requireNonNull(files.get(newest.get()));
        long now = clock.getAsLong();
        Rest rest = rests.get(checkpoint.path());
        if (rest == null || !rest.files().equals(files)) {
            rest = new Rest(files, now);
            rests.put(checkpoint.path(), rest);
        }
        long rested = now - rest.since();
        if (rested < settle || activity.writer(checkpoint.path().toRealPath()).isPresent()) {
            return unfinished(checkpoint, "checkpoints.watch.writing");
        }
        Optional<Problem> missing = marks.missing(checkpoint);
        if (missing.isPresent()) {
            return new Unfinished(checkpoint, missing.get());
        }
        boolean patient =
                rested >= PATIENCE * settle || !identity.modified().plus(OLD).isAfter(calendar.instant());
        CheckpointWeights weights;
        try {
            weights = open(checkpoint.path());
        } catch (CheckpointException e) {
            return failed(checkpoint, e.problem(), patient, newest.get(), identity);
        } catch (FormatException e) {
            return failed(checkpoint, e.problem(), patient, newest.get(), identity);
        }
        if (!patient) {
            Optional<Problem> expected = marks.expected(checkpoint, files.keySet(), weights);
            if (expected.isPresent()) {
                return new Unfinished(checkpoint, expected.get());
            }
        }
        // What was opened is what had rested.
        if (!RunFiles.of(checkpoint.path()).equals(files)) {
            return unfinished(checkpoint, "checkpoints.watch.writing");
        }
        Path own = newest(needed(weights, files)).orElse(newest.get());
        return new Complete(checkpoint, weights, own, Objects.requireNonNull(files.get(own)), identity.modified());
    }

    /// The files that weights need, as far as they are told.
    private static Map<Path, FileIdentity> needed(CheckpointWeights weights, Map<Path, FileIdentity> files) {
        Set<Path> needed = switch (weights) {
            case CheckpointWeights.Whole whole -> whole.checkpoint().files().keySet();
            case CheckpointWeights.Adapter adapter -> adapter.files();
        };
        Set<Path> absolute =
                needed.stream().map(file -> file.toAbsolutePath().normalize()).collect(Collectors.toSet());
        Map<Path, FileIdentity> found = new HashMap<>(files);
        found.keySet().removeIf(file -> !absolute.contains(file.toAbsolutePath().normalize()));
        return found;
    }

    /// Half a file looks damaged in many ways; what is damaged stays so.
    private static Sighting failed(
            RunCheckpoint checkpoint, Problem problem, boolean patient, Path newest, FileIdentity identity) {
        return RunListing.isIncomplete(problem) || !patient
                ? new Unfinished(checkpoint, problem)
                : new Unusable(checkpoint, problem, newest, identity);
    }

    private static Unfinished unfinished(RunCheckpoint checkpoint, String key) {
        return new Unfinished(checkpoint, Problem.of(ProblemCode.ASSUMED, Place.of(checkpoint.path()), key));
    }

    private static Optional<Path> newest(Map<Path, FileIdentity> files) {
        return files.entrySet().stream()
                .filter(file -> PlainFileName.of(String.valueOf(file.getKey().getFileName()))
                        .isPresent())
                .max(Comparator.comparing((Map.Entry<Path, FileIdentity> file) ->
                                file.getValue().modified())
                        .thenComparing(Map.Entry::getKey))
                .map(Map.Entry::getKey);
    }

    /// Opens a checkpoint's weights, as a whole or as an adapter.
    public static CheckpointWeights open(Path path) throws IOException {
        Checkpoint checkpoint;
        try {
            checkpoint = Checkpoints.open(path, SourceOptions.defaults());
        } catch (CheckpointException e) {
            LoraAdapter adapter = (e.problem().code() == ProblemCode.NOT_A_CHECKPOINT
                            ? adapter(path)
                            : Optional.<LoraAdapter>empty())
                    .orElseThrow(() -> e);
            return new CheckpointWeights.Adapter(adapter, Set.of(adapter.file()));
        }
        boolean adapted = checkpoint.traits().adapter()
                || checkpoint.entries().stream().anyMatch(entry -> isAdapters(entry.name()));
        return adapted
                ? new CheckpointWeights.Adapter(
                        LoraAdapter.open(path), checkpoint.files().keySet())
                : new CheckpointWeights.Whole(checkpoint);
    }

    private static boolean isAdapters(String tensor) {
        return Dialects.read(tensor).isPresent();
    }

    private static Optional<LoraAdapter> adapter(Path path) throws IOException {
        try {
            return Optional.of(LoraAdapter.open(path));
        } catch (CheckpointException _) {
            return Optional.empty();
        }
    }
}
