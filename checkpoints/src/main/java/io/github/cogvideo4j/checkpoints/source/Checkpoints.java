package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.AveragedWeights;
import io.github.cogvideo4j.checkpoints.internal.source.CheckpointLocation;
import io.github.cogvideo4j.checkpoints.internal.source.NamingScheme;
import io.github.cogvideo4j.checkpoints.internal.source.NamingSchemes;
import io.github.cogvideo4j.checkpoints.internal.source.PlainWeights;
import io.github.cogvideo4j.checkpoints.internal.source.RunListing;
import io.github.cogvideo4j.checkpoints.internal.source.Trainers;
import io.github.cogvideo4j.checkpoints.internal.source.WeightSet;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The entry to checkpoints: finds out what a path holds and plans its state dict.
public final class Checkpoints {
    private Checkpoints() {}

    /// Opens a checkpoint.
    ///
    /// @param path    a checkpoint folder, its tag folder, a training output with several `checkpoint-*`, a
    ///                folder of plain weights, or a weight file
    /// @param options how to choose
    /// @throws InvalidCheckpointException when there is no checkpoint that can be read
    /// @throws io.github.cogvideo4j.formats.FormatException when one of its files is damaged or unsafe
    /// @throws NoSuchFileException when nothing is there
    public static Checkpoint open(Path path, SourceOptions options) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        return plan(CheckpointLocation.of(path, options), options).in(path);
    }

    /// Opens every set of plain weights in a folder: of a folder that holds the same weights as `.safetensors`
    /// and as `.bin`, both.
    ///
    /// @param folder a component's folder, or one weight file, whose keys are then taken as they are
    /// @throws InvalidCheckpointException when there is none, or one cannot be used
    public static List<Checkpoint> openEverySet(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of(PlainWeights.plan(WeightSet.ofFile(folder), SourceOptions.defaults()));
        }
        List<WeightSet> sets = WeightSet.candidates(folder);
        if (sets.size() < 2) {
            return List.of(open(folder, SourceOptions.defaults()));
        }
        List<Checkpoint> checkpoints = new ArrayList<>();
        for (WeightSet set : sets) {
            checkpoints.add(PlainWeights.plan(set, SourceOptions.defaults()));
        }
        return checkpoints;
    }

    /// Opens one component of a checkpoint that holds several in the same files.
    ///
    /// @param path    the checkpoint
    /// @param options how to choose
    /// @param component the component, which need not be the one that [#open(Path, SourceOptions)] takes
    /// @throws InvalidCheckpointException `missing-tensor` when the checkpoint does not have it
    public static Checkpoint openPart(Path path, SourceOptions options, Component component) throws IOException {
        Checkpoint raw = planRaw(CheckpointLocation.of(path, options), options);
        return NamingSchemes.recognise(names(raw))
                .map(scheme -> scheme.toDiffusers(raw, component))
                .orElseThrow(() -> new InvalidCheckpointException(
                        ProblemCode.MISSING_TENSOR,
                        Place.of(raw.folder()),
                        "checkpoints.location.part-absent",
                        component.folder(),
                        raw.component().map(Component::folder).orElse("-")))
                .in(path);
    }

    private static Checkpoint plan(CheckpointLocation location, SourceOptions options) throws IOException {
        Checkpoint all = planRaw(location, options);
        boolean run = location.place() instanceof CheckpointLocation.Run;
        Checkpoint raw = options.average() && !location.average() && !run ? AveragedWeights.of(all) : all;
        Optional<NamingScheme> scheme = NamingSchemes.recognise(names(raw));
        Checkpoint checkpoint = scheme.map(known -> known.toDiffusers(raw)).orElse(raw);
        Checkpoint told = run ? checkpoint : Trainers.name(checkpoint);
        return location.warnings().isEmpty() ? told : told.withWarnings(location.warnings());
    }

    private static List<String> names(Checkpoint checkpoint) {
        return checkpoint.entries().stream().map(StateEntry::name).toList();
    }

    /// The checkpoint with the keys that its trainer gave it.
    private static Checkpoint planRaw(CheckpointLocation location, SourceOptions options) throws IOException {
        return switch (location.place()) {
            case CheckpointLocation.State state -> state.planner().plan(state.folder(), options);
            case CheckpointLocation.FoundFiles weights -> PlainWeights.plan(weights.set(), options);
            case CheckpointLocation.Run run -> newestComplete(run, options);
        };
    }

    private static Checkpoint newestComplete(CheckpointLocation.Run run, SourceOptions options) throws IOException {
        List<Problem> skipped = new ArrayList<>();
        for (Path candidate : run.newestFirst()) {
            try {
                Checkpoint checkpoint = plan(CheckpointLocation.of(candidate, options), options);
                Warnings warnings = new Warnings();
                warnings.report(
                        ProblemCode.CHOICE,
                        Place.of(candidate),
                        run.newestFirst().size() == 1 ? "checkpoints.location.only" : "checkpoints.location.newest",
                        String.valueOf(candidate.getFileName()),
                        run.newestFirst().size());
                skipped.forEach(warnings::report);
                return checkpoint.withWarnings(warnings.all());
            } catch (InvalidCheckpointException e) {
                skipIncomplete(e.problem(), e, skipped);
            } catch (io.github.cogvideo4j.formats.MalformedFileException e) {
                skipIncomplete(e.problem(), e, skipped);
            }
        }
        throw new InvalidCheckpointException(skipped.getFirst());
    }

    private static void skipIncomplete(Problem problem, RuntimeException failure, List<Problem> skipped) {
        if (!RunListing.isIncomplete(problem)) {
            throw failure;
        }
        skipped.add(problem);
    }
}
