package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/// What Spark tells of its tasks, as what the batch tells of its rows.
final class SparkProgress extends SparkListener {
    /// So many processes have to fail before a batch in which nothing was made is given up.
    private static final int HOPELESS = 4;

    private final List<BatchWork> works;
    private final Standings standings;
    private final Set<String> refusing = new HashSet<>();
    private final List<Integer> again = new ArrayList<>();
    private Optional<String> refusal = Optional.empty();
    private boolean made;

    /// @param works the rows, by their partitions
    SparkProgress(List<BatchWork> works, Standings standings) {
        this.works = works;
        this.standings = standings;
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
            refused(end.taskInfo().executorId(), failure.description());
        }
    }

    private synchronized void refused(String executor, String reason) {
        refusing.add(executor);
        refusal = Optional.of(reason);
    }

    /// A task returned what the manifest says of its row.
    synchronized void ended(int partition, String line) {
        if (line.isEmpty()) {
            standings.lost(works.get(partition));
            again.add(partition);
        } else {
            made = true;
            standings.ended(works.get(partition), ManifestRow.read(line, Place.nowhere()));
        }
    }

    /// The rows for which memory was lacking, and that have another try.
    synchronized List<Integer> again() {
        return List.copyOf(again);
    }

    /// Whether every process that Spark started failed before a single row had come to an end: none of them has what
    /// the batch needs.
    ///
    /// @param executors how many there are now
    synchronized boolean isHopeless(int executors) {
        return !made && refusing.size() >= HOPELESS && refusing.size() >= executors;
    }

    /// What a process said that made no row; only while no row has come to an end.
    synchronized Optional<String> refusal() {
        return made ? Optional.empty() : refusal;
    }
}
