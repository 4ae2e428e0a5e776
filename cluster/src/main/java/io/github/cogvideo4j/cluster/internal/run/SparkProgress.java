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

    private final Standings standings;
    private final Set<String> refusing = new HashSet<>();
    private final List<BatchWork> again = new ArrayList<>();
    private List<BatchWork> works = List.of();
    private Optional<String> refusal = Optional.empty();
    private boolean made;

    SparkProgress(Standings standings) {
        this.standings = standings;
    }

    /// A job begins, with a partition for each of these.
    synchronized void begin(List<BatchWork> ofJob) {
        works = ofJob;
    }

    private synchronized BatchWork work(int partition) {
        return works.get(partition);
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
        standings.begun(work(start.taskInfo().partitionId()));
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.taskInfo().successful()) {
            return;
        }
        standings.lost(work(end.taskInfo().partitionId()));
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
        BatchWork work = works.get(partition);
        if (line.isEmpty()) {
            standings.lost(work);
            again.add(work);
        } else {
            made = true;
            standings.ended(work, ManifestRow.read(line, Place.nowhere()));
        }
    }

    /// The rows for which memory was lacking, and that have another try.
    synchronized List<BatchWork> again() {
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
