package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.prune.PruneJournal.Action;
import io.github.cogvideo4j.checkpoints.internal.source.RunFiles;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderSync;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A planned pruning. Checkpoints go one after the other: first their weights are written and compared, or
/// those that an earlier run wrote are compared; then one rename moves the checkpoint. So at every instant it
/// is whole in the run or whole in the trash.
///
/// @param request  what is asked for
/// @param places   the folders
/// @param activity shows whether a trainer is at work
/// @param files    the run's files when it was planned
/// @param items    all checkpoints
record Pruning(
        PruneRequest request,
        PrunePlaces places,
        TrainerActivity activity,
        Map<Path, FileIdentity> files,
        List<Item> items)
        implements PruneRequest.Plan {
    /// Copies the collections.
    Pruning {
        files = Map.copyOf(files);
        items = List.copyOf(items);
    }

    @Override
    public Path weights() {
        return places.weights();
    }

    @Override
    public Path trash() {
        return places.trash();
    }

    @Override
    public PruneRequest.Result run(JobControl control) throws IOException {
        List<Item> going =
                items.stream().filter(item -> item.fate() == Fate.GOES).toList();
        if (going.isEmpty()) {
            return new PruneRequest.Result(List.of(), 0);
        }
        activity.waitForChanges();
        requireQuiet(places.run());
        Files.createDirectories(places.trash());
        List<Item> pruned = new ArrayList<>();
        try (PruneJournal journal = PruneJournal.open(places.trash())) {
            for (Item item : going) {
                control.check();
                prove(item, control);
                journal.write(Action.PROVEN, item.name());
                requireQuiet(item.path());
                journal.write(Action.MOVING, item.name());
                move(item.path(), places.trashOf(item.name()));
                pruned.add(item);
            }
        }
        return new PruneRequest.Result(
                pruned, pruned.stream().mapToLong(item -> item.costs().total()).sum());
    }

    /// Refuses to go on while anything changes below a folder.
    private void requireQuiet(Path folder) throws IOException {
        Path real = places.run().toRealPath();
        Optional<TrainerActivity.Writer> writer = activity.writer(real);
        if (writer.isPresent()) {
            Path open = writer.get().file();
            throw PrunePlaces.refused(
                    open.startsWith(real) ? places.run().resolve(real.relativize(open)) : open,
                    "checkpoints.prune.open",
                    writer.get().process());
        }
        Map<Path, FileIdentity> before = new HashMap<>();
        files.forEach((file, identity) -> {
            if (file.startsWith(folder)) {
                before.put(file, identity);
            }
        });
        Optional<Path> changed = RunFiles.changed(before, RunFiles.of(folder));
        if (changed.isPresent()) {
            throw new InvalidCheckpointException(
                    ProblemCode.SOURCE_CHANGED, Place.of(changed.get()), "checkpoints.prune.changed");
        }
    }

    private void prove(Item item, JobControl control) throws IOException {
        Path target = places.weightsOf(item.name());
        KeptWeights kept = KeptWeights.of(request, item.path());
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            kept.requireEqual(target, control);
        } else {
            kept.write(target, control);
        }
    }

    /// Moves a folder by one rename, and brings both folders that know of it to the disk.
    static void move(Path from, Path to) throws IOException {
        if (Files.exists(to, LinkOption.NOFOLLOW_LINKS)) {
            throw PrunePlaces.refused(from, "checkpoints.prune.in-trash", to);
        }
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException _) {
            throw PrunePlaces.refused(to, "checkpoints.prune.file-system", from);
        }
        for (Path path : List.of(from, to)) {
            Path parent = path.getParent();
            if (parent != null) {
                FolderSync.syncFolder(parent);
            }
        }
    }
}
