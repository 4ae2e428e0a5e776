package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.internal.prune.PruneJournal.Action;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A planned emptying of the trash. Each checkpoint is compared once more with its converted weights, then
/// renamed, then deleted. What a kill left under the other name has been proven, and is deleted without more
/// ado.
///
/// @param request what is asked for
/// @param places  the folders
/// @param items   the checkpoints in the trash
record Emptying(PruneRequest request, PrunePlaces places, List<Item> items) implements PruneRequest.Plan {
    /// Copies the list.
    Emptying {
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
        List<Item> deleted = new ArrayList<>();
        try (PruneJournal journal = PruneJournal.open(places.trash())) {
            for (Item item : going) {
                control.check();
                delete(item, journal, control);
                deleted.add(item);
            }
        }
        return new PruneRequest.Result(
                deleted,
                deleted.stream().mapToLong(item -> item.costs().total()).sum());
    }

    private void delete(Item item, PruneJournal journal, JobControl control) throws IOException {
        if (!item.path().equals(places.trashOf(item.name())) || item.name().startsWith(".deleting-")) {
            FolderDeletion.delete(item.path());
            return;
        }
        KeptWeights.of(request, item.path()).requireEqual(places.weightsOf(item.name()), control);
        journal.write(Action.DELETING, item.name());
        Path doomed = places.deletingOf(item.name());
        Pruning.move(item.path(), doomed);
        FolderDeletion.delete(doomed);
        journal.write(Action.DELETED, item.name());
    }
}
