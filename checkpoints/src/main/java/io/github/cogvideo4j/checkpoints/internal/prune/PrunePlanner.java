package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.prune.PruneJournal.Action;
import io.github.cogvideo4j.checkpoints.internal.prune.PruneJournal.Deed;
import io.github.cogvideo4j.checkpoints.internal.source.RunFiles;
import io.github.cogvideo4j.checkpoints.internal.source.RunListing;
import io.github.cogvideo4j.checkpoints.internal.source.RunListing.RunCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Costs;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The planner of a pruning: what each checkpoint costs, what a rule keeps, and what cannot go although none
/// does.
public final class PrunePlanner {
    private final PruneRequest request;
    private final TrainerActivity activity;
    private final JobControl control;

    /// @param request  what is asked for
    /// @param activity shows whether a trainer is at work
    /// @param control  asked whether to stop
    public PrunePlanner(PruneRequest request, TrainerActivity activity, JobControl control) {
        this.request = request;
        this.activity = activity;
        this.control = control;
    }

    /// Plans.
    public PruneRequest.Plan plan() throws IOException {
        PrunePlaces places = PrunePlaces.of(request.run(), request.weights());
        return request.empty() ? new Emptying(request, places, thrownAway(places)) : pruning(places);
    }

    private PruneRequest.Plan pruning(PrunePlaces places) throws IOException {
        Map<Path, FileIdentity> files = RunFiles.of(places.run());
        List<RunCheckpoint> all = RunListing.of(places.run());
        if (all.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(request.run()), "checkpoints.prune.no-run");
        }
        Set<RunCheckpoint> kept = KeepRules.kept(all, request.keep());
        Map<RunCheckpoint, Opened> opened = new LinkedHashMap<>();
        Map<String, Long> newest = new HashMap<>();
        for (RunCheckpoint one : all) {
            control.check();
            Opened found = Opened.of(request, one.path());
            opened.put(one, found);
            if (found.weights().isPresent()) {
                newest.merge(one.kind(), one.number(), Math::max);
            }
        }
        List<Item> items = new ArrayList<>();
        for (Map.Entry<RunCheckpoint, Opened> entry : opened.entrySet()) {
            control.check();
            RunCheckpoint one = entry.getKey();
            Optional<KeptWeights> weights = entry.getValue().weights();
            Costs costs = entry.getValue().costs(one.path(), below(one.path(), files));
            boolean stays = request.keep().isEmpty()
                    || kept.contains(one)
                    || Long.valueOf(one.number()).equals(newest.get(one.kind()));
            Optional<Problem> reason = Optional.empty();
            if (!stays) {
                reason = weights.isPresent()
                        ? obstacle(one, weights.get(), costs, places)
                        : entry.getValue().problem();
            }
            Fate fate = stays ? Fate.KEPT : reason.isPresent() ? Fate.STAYS : Fate.GOES;
            items.add(new Item(one.path(), one.number(), costs, fate, reason));
        }
        return new Pruning(request, places, activity, files, items);
    }

    /// A checkpoint that was opened, or why it cannot be used.
    private record Opened(Optional<KeptWeights> weights, Optional<Problem> problem) {
        static Opened of(PruneRequest request, Path checkpoint) throws IOException {
            try {
                return new Opened(Optional.of(KeptWeights.of(request, checkpoint)), Optional.empty());
            } catch (CheckpointException e) {
                return new Opened(Optional.empty(), Optional.of(e.problem()));
            } catch (FormatException e) {
                return new Opened(Optional.empty(), Optional.of(e.problem()));
            }
        }

        Costs costs(Path checkpoint, Map<Path, FileIdentity> files) {
            return CheckpointCosts.of(checkpoint, files, weights.flatMap(KeptWeights::state));
        }
    }

    private static Map<Path, FileIdentity> below(Path folder, Map<Path, FileIdentity> files) {
        Map<Path, FileIdentity> own = new HashMap<>();
        files.forEach((file, identity) -> {
            if (file.startsWith(folder)) {
                own.put(file, identity);
            }
        });
        return own;
    }

    /// Why a checkpoint that is whole cannot go.
    private static Optional<Problem> obstacle(RunCheckpoint one, KeptWeights weights, Costs costs, PrunePlaces places)
            throws IOException {
        Place place = Place.of(one.path());
        if (costs.optimizer() == 0) {
            return Optional.of(Problem.of(ProblemCode.ASSUMED, place, "checkpoints.prune.only-weights"));
        }
        if (Files.exists(places.trashOf(one.name()), LinkOption.NOFOLLOW_LINKS)) {
            return Optional.of(Problem.of(
                    ProblemCode.OUTPUT_REFUSED, place, "checkpoints.prune.in-trash", places.trashOf(one.name())));
        }
        try {
            return weights.obstacle(places.weightsOf(one.name()));
        } catch (CheckpointException e) {
            return Optional.of(e.problem());
        } catch (FormatException e) {
            return Optional.of(e.problem());
        }
    }

    /// The checkpoints in the trash: those that the journal says were moved there.
    private List<Item> thrownAway(PrunePlaces places) throws IOException {
        Set<String> moved = new LinkedHashSet<>();
        Set<String> deleting = new HashSet<>();
        for (Deed deed : PruneJournal.read(places.trash())) {
            if (deed.action() == Action.MOVING) {
                moved.add(deed.checkpoint());
            } else if (deed.action() == Action.DELETING) {
                deleting.add(deed.checkpoint());
            }
        }
        List<Item> items = new ArrayList<>();
        for (String name : moved) {
            Path begun = places.deletingOf(name);
            if (deleting.contains(name) && Files.isDirectory(begun, LinkOption.NOFOLLOW_LINKS)) {
                items.add(item(begun, Opened.of(request, begun), Optional.empty()));
            }
            Path there = places.trashOf(name);
            if (Files.isDirectory(there, LinkOption.NOFOLLOW_LINKS)) {
                Opened opened = Opened.of(request, there);
                items.add(item(there, opened, unproven(there, opened, places.weightsOf(name))));
            }
        }
        return items;
    }

    /// Why a checkpoint in the trash cannot be compared with its weights.
    private static Optional<Problem> unproven(Path there, Opened opened, Path weights) {
        if (!Files.isDirectory(weights)) {
            return Optional.of(
                    Problem.of(ProblemCode.MISSING_FILE, Place.of(there), "checkpoints.prune.no-weights", weights));
        }
        return opened.weights().map(KeptWeights::lack).orElse(opened.problem());
    }

    private static Item item(Path folder, Opened opened, Optional<Problem> reason) throws IOException {
        Costs costs = opened.costs(folder, RunFiles.of(folder));
        return new Item(folder, 0, costs, reason.isPresent() ? Fate.STAYS : Fate.GOES, reason);
    }
}
