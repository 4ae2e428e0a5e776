package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.internal.source.RunListing.RunCheckpoint;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// The rules that keep checkpoints, applied to those of each kind of name by themselves.
final class KeepRules {
    private KeepRules() {}

    /// The checkpoints that at least one rule keeps.
    static Set<RunCheckpoint> kept(List<RunCheckpoint> checkpoints, List<KeepRule> rules) {
        Set<RunCheckpoint> kept = new HashSet<>();
        Map<String, List<RunCheckpoint>> kinds =
                checkpoints.stream().collect(Collectors.groupingBy(RunCheckpoint::kind));
        for (List<RunCheckpoint> kind : kinds.values()) {
            for (KeepRule rule : rules) {
                kept.addAll(kept(kind, rule));
            }
        }
        return kept;
    }

    private static List<RunCheckpoint> kept(List<RunCheckpoint> kind, KeepRule rule) {
        return switch (rule) {
            case KeepRule.Last last ->
                kind.stream()
                        .sorted(Comparator.comparingLong(RunCheckpoint::number).reversed())
                        .limit(last.count())
                        .toList();
            case KeepRule.Every every ->
                kind.stream().filter(one -> one.number() % every.steps() == 0).toList();
            case KeepRule.Step step ->
                kind.stream().filter(one -> one.number() == step.number()).toList();
            case KeepRule.Best best ->
                kind.stream()
                        .filter(one -> best.scores().containsKey(one.number()))
                        .max(Comparator.comparingDouble((RunCheckpoint one) ->
                                        best.scores().getOrDefault(one.number(), Double.NEGATIVE_INFINITY))
                                .thenComparingLong(RunCheckpoint::number))
                        .stream()
                        .toList();
        };
    }
}
