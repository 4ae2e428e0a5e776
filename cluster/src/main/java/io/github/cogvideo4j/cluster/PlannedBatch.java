package io.github.cogvideo4j.cluster;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.cluster.internal.run.BatchRun;
import io.github.cogvideo4j.cluster.internal.run.Worklist;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.util.List;

/// A batch whose rows are read: what is wrong with them, what is left to be made, how long that takes and how much
/// room. Running it makes what is left, one result after the other, in this process.
public final class PlannedBatch implements JobPlan<BatchReport> {
    private final BatchRun run;

    private PlannedBatch(BatchRun run) {
        this.run = run;
    }

    static PlannedBatch of(BatchRequest request, JobControl control) throws IOException {
        return new PlannedBatch(BatchRun.plan(request, control));
    }

    private Worklist list() {
        return run.list();
    }

    /// What is wrong with rows that cannot be read, up to a thousand of them. With any of them the batch does not run.
    public List<Problem> malformed() {
        return list().malformed();
    }

    /// How many rows cannot be read.
    public long malformedRows() {
        return list().malformedRows();
    }

    /// Why results cannot be made that rows ask for, up to a thousand of them. They will fail, and the others not.
    public List<Problem> expected() {
        return list().expected();
    }

    /// How many results cannot be made.
    public long expectedFailures() {
        return list().expectedRows();
    }

    /// How many results the rows ask for.
    public long results() {
        return list().results();
    }

    /// How many of them ask for the same as one before; it is made once.
    public long duplicates() {
        return list().duplicates();
    }

    /// How many results are there already.
    public long completed() {
        return list().completed();
    }

    /// How many failed before and are not tried again.
    public long failed() {
        return list().failed();
    }

    /// How many things are left to be made by this process.
    public long left() {
        return list().works().size();
    }

    /// How many models, or ways to load them, what is left needs.
    public int models() {
        return list().groups();
    }

    /// How large the results that are left will be, about, in bytes.
    public long bytes() {
        return list().bytes();
    }

    /// How long what is left takes on one device, about, in seconds.
    public double seconds() {
        return list().work() * (isMeasured() ? list().secondsPerWork() : BatchRun.usualSecondsPerWork(list().device()));
    }

    /// Whether the time follows from results that are there, and not from what devices of this kind usually do.
    public boolean isMeasured() {
        return list().secondsPerWork() > 0;
    }

    /// The device on which this process computes.
    public String device() {
        return list().device();
    }

    /// Makes what is left.
    ///
    /// @param control receives every [BatchEvent]; asked between pieces of work whether to stop
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException `request` when there are rows that cannot
    /// be read, or no rows
    /// @throws io.github.cogvideo4j.checkpoints.OutputException `output-refused` when the folder holds another
    /// batch, or another process fills it
    /// @throws io.github.cogvideo4j.checkpoints.CancelledException when it was asked to stop; what is made stays
    @Override
    public BatchReport run(JobControl control) throws IOException {
        return run.run(control);
    }

    @Override
    public void close() {
        run.close();
    }
}
