package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchEvent;
import io.github.cogvideo4j.cluster.BatchEvent.Standing;
import io.github.cogvideo4j.cluster.BatchReport;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// The count of what a run has made, and what it tells of it. Called by one thread at a time.
public final class Standings {
    private static final double HOUR = 3600;

    private final JobControl control;
    private final Worklist list;
    private final long begun = System.nanoTime();
    private final Map<String, Integer> failures = new HashMap<>();
    private long completed;
    private long failed;
    private long left;
    private int running;
    private long made;
    private double madeWork;
    private double madeSeconds;
    private double workLeft;
    private int failedHere;
    private long loaded;
    private final Map<String, double[]> devices = new TreeMap<>();

    /// @param list what the run begins with
    public Standings(Worklist list, JobControl control) {
        this.control = control;
        this.list = list;
        this.completed = list.completed();
        this.failed = list.failed();
        this.left = list.works().stream().mapToLong(work -> work.names().size()).sum();
        this.workLeft = list.work();
    }

    /// A result is being made.
    public synchronized void begun(BatchWork work) {
        running++;
        left -= work.names().size();
        control.detail(new BatchEvent.RowBegun(work.first().id(), work.first().row(), standing()));
    }

    /// It is no longer being made, and did not come to an end.
    public synchronized void lost(BatchWork work) {
        running--;
        left += work.names().size();
    }

    /// It came to an end.
    public synchronized void ended(BatchWork work, ManifestRow row) {
        running--;
        int rows = work.names().size();
        workLeft = Math.max(0, workLeft - work.work());
        if (row.completed()) {
            completed += rows;
            made += rows;
            madeWork += work.work();
            madeSeconds += row.seconds();
            double[] device = devices.computeIfAbsent(row.host() + " " + row.device(), _ -> new double[2]);
            device[0] += rows;
            device[1] += row.seconds();
        } else {
            failed += rows;
            failedHere++;
            failures.merge(row.errorCode().orElse("bug"), rows, Integer::sum);
        }
        control.detail(new BatchEvent.RowEnded(
                row.id(),
                row.row(),
                row.errorCode(),
                row.message(),
                row.file(),
                row.seconds(),
                row.device(),
                row.host(),
                standing()));
    }

    /// How many results failed in this run.
    public synchronized int failedHere() {
        return failedHere;
    }

    /// Models were opened.
    public synchronized void loaded(long count) {
        loaded += count;
    }

    private Standing standing() {
        double seconds = (System.nanoTime() - begun) / 1e9;
        double each = madeWork > 0 ? madeSeconds / madeWork : list.secondsPerWork();
        return new Standing(
                completed,
                failed,
                running,
                left,
                each * workLeft / Math.max(1, running),
                seconds > 0 ? made * HOUR / seconds : 0,
                madeSeconds > 0 ? made * HOUR / madeSeconds : 0);
    }

    /// The end of the run.
    ///
    /// @param stopped whether too much had failed
    public synchronized BatchReport report(String output, boolean stopped) {
        Map<String, Double> perHour = new TreeMap<>();
        devices.forEach((name, sums) -> perHour.put(name, sums[1] > 0 ? sums[0] * HOUR / sums[1] : 0));
        return new BatchReport(
                output,
                list.results(),
                completed,
                failed,
                made,
                (System.nanoTime() - begun) / 1e9,
                (int) loaded,
                failures,
                perHour,
                stopped);
    }
}
