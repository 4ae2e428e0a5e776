package io.github.cogvideo4j.checkpoints.internal.watch;

import io.github.cogvideo4j.checkpoints.internal.source.RunListing.RunCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.CheckpointWeights;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The files by which trainers show that a checkpoint is finished.
///
/// DeepSpeed names a folder in `latest` when it is whole (`runtime/engine.py`, `save_checkpoint`): while `latest` names
/// an older one, the newer is being written. accelerate writes the model first, then the optimizer, the schedule, and
/// last each process's `random_states_N.pkl` (`checkpointing.py`, `save_accelerator_state`); PyTorch's distributed
/// checkpoints have `.metadata` last, which opening requires. What a trainer writes with every checkpoint shows in the
/// one before: names that were there and are not yet.
final class TrainerMarks {
    private static final String LATEST = "latest";
    private static final int LONGEST_TAG = 4096;
    private static final Pattern NUMBER = Pattern.compile("\\d{1,15}");
    private static final Pattern NUMBERS = Pattern.compile("\\d+");
    private static final Pattern TAG = Pattern.compile("(?:global_step)?N");

    private final Path run;
    private final List<RunCheckpoint> checkpoints;

    /// @param run         the run's folder
    /// @param checkpoints its checkpoints, by kind and number
    TrainerMarks(Path run, List<RunCheckpoint> checkpoints) {
        this.run = run;
        this.checkpoints = checkpoints;
    }

    /// What shows that a checkpoint is being written, however long it has rested.
    Optional<Problem> missing(RunCheckpoint checkpoint) throws IOException {
        Path latest = run.resolve(LATEST);
        if (!TAG.matcher(checkpoint.kind()).matches()
                || !Files.isRegularFile(latest)
                || Files.size(latest) > LONGEST_TAG) {
            return Optional.empty();
        }
        String tag = new String(Files.readAllBytes(latest), StandardCharsets.UTF_8).strip();
        Matcher number = NUMBER.matcher(tag.replaceFirst("^global_step", ""));
        return number.matches() && Long.parseLong(number.group()) < checkpoint.number()
                ? Optional.of(
                        Problem.of(ProblemCode.ASSUMED, Place.of(checkpoint.path()), "checkpoints.watch.latest", tag))
                : Optional.empty();
    }

    /// What is missing although trainers mostly write it.
    ///
    /// @param files   the checkpoint's files
    /// @param weights what they hold
    Optional<Problem> expected(RunCheckpoint checkpoint, Collection<Path> files, CheckpointWeights weights)
            throws IOException {
        Set<String> names = names(checkpoint.path(), files.stream());
        if (weights instanceof CheckpointWeights.Whole whole
                && whole.checkpoint().warnings().stream()
                        .anyMatch(warning -> warning.code() == ProblemCode.LATEST_ABSENT)) {
            return lacking(checkpoint, LATEST);
        }
        if (names.contains("optimizer.bin") && names.stream().noneMatch(name -> name.startsWith("random_states_"))) {
            return lacking(checkpoint, "random_states_0.pkl");
        }
        Optional<RunCheckpoint> before = checkpoints.stream()
                .filter(one -> one.kind().equals(checkpoint.kind()) && one.number() < checkpoint.number())
                .reduce((_, next) -> next);
        if (before.isEmpty() || !Files.isDirectory(before.get().path())) {
            return Optional.empty();
        }
        Set<String> usual;
        try (Stream<Path> all = Files.list(before.get().path())) {
            usual = names(before.get().path(), all);
        }
        return usual.stream()
                .filter(name -> !names.contains(name))
                .findFirst()
                .flatMap(name -> lacking(checkpoint, name.replace('#', 'N')));
    }

    /// What lies directly in a checkpoint, numbers aside.
    private static Set<String> names(Path folder, Stream<Path> files) {
        return files.map(file -> String.valueOf(folder.relativize(file).getName(0)))
                .map(name -> NUMBERS.matcher(name).replaceAll("#"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Optional<Problem> lacking(RunCheckpoint checkpoint, String name) {
        return Optional.of(
                Problem.of(ProblemCode.ASSUMED, Place.of(checkpoint.path()), "checkpoints.watch.lacking", name));
    }
}
