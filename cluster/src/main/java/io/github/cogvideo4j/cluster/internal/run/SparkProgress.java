package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/// What Spark tells of its tasks, as what the batch tells of its rows.
final class SparkProgress extends SparkListener {
    private final List<BatchWork> works;
    private final Standings standings;
    private final TreeSet<Integer> left = new TreeSet<>();
    private final TreeSet<Integer> again = new TreeSet<>();
    private Optional<String> refusal = Optional.empty();

    /// @param works the rows, by their partitions
    SparkProgress(List<BatchWork> works, Standings standings) {
        this.works = works;
        this.standings = standings;
        IntStream.range(0, works.size()).forEach(left::add);
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
        standings.begun(works.get(start.taskInfo().partitionId()));
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.taskInfo().successful()) {
            return;
        }
        standings.lost(works.get(end.taskInfo().partitionId()));
        if (end.reason() instanceof ExceptionFailure failure) {
            refused(failure.description());
        }
    }

    private synchronized void refused(String reason) {
        refusal = Optional.of(reason);
    }

    /// A task returned what the manifest says of its row.
    synchronized void ended(int partition, String line) {
        left.remove(partition);
        if (line.isEmpty()) {
            standings.lost(works.get(partition));
            again.add(partition);
        } else {
            refusal = Optional.empty();
            standings.ended(works.get(partition), ManifestRow.read(line, Place.nowhere()));
        }
    }

    /// The partitions of rows that have not come to an end, in their order.
    synchronized List<Integer> left() {
        return List.copyOf(left);
    }

    /// Has those tried again for which memory was lacking.
    ///
    /// @return whether there are such
    synchronized boolean again() {
        left.addAll(again);
        again.clear();
        return !left.isEmpty();
    }

    /// What a process that made no row said last, when no row came to an end since.
    synchronized Optional<String> refusal() {
        return refusal;
    }
}
