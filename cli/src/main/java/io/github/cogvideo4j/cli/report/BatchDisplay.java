package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Progress;
import io.github.cogvideo4j.cluster.BatchEvent;
import io.github.cogvideo4j.cluster.BatchEvent.RowEnded;
import io.github.cogvideo4j.cluster.BatchEvent.Standing;
import io.github.cogvideo4j.cluster.PlannedBatch;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Path;
import java.util.Locale;

/// A batch's events on the terminal: a bar with what is done, failed and running, and a line for each failure.
public final class BatchDisplay implements JobListener, AutoCloseable {
    private final Console console;
    private final String output;
    private final Path rows;
    private final Progress bar;
    private long shown;

    /// @param console where the bar is drawn and failures are told
    /// @param output  the folder that is filled
    /// @param rows    the file of rows
    /// @param plan    what the rows come to
    public BatchDisplay(Console console, String output, String rows, PlannedBatch plan) {
        this.console = console;
        this.output = output;
        this.rows = Path.of(rows);
        this.bar = console.progress("cli.progress.batch", plan.results(), Progress.Unit.ITEMS);
        this.shown = plan.completed() + plan.failed();
        bar.advance(shown);
    }

    /// A control for a batch that nobody cancels.
    public JobControl control() {
        return JobControl.of(this);
    }

    @Override
    public void on(JobEvent event) {
        switch (event) {
            case BatchEvent.RowBegun begun -> stands(begun.standing());
            case RowEnded ended -> ended(ended);
            case JobEvent.Warned warned -> console.warn(warned.problem());
            default -> {}
        }
    }

    private void ended(RowEnded row) {
        row.file().map(file -> Path.of(output, file)).ifPresent(console::keep);
        if (row.errorCode().isPresent()) {
            console.finding(Problem.of(
                    ProblemCode.byId(row.errorCode().get()).orElse(ProblemCode.REQUEST),
                    Place.of(rows),
                    "cli.batch.row-failed",
                    row.row(),
                    row.id(),
                    row.message().orElse(row.errorCode().get())));
        }
        stands(row.standing());
    }

    private void stands(Standing standing) {
        long done = standing.completed() + standing.failed();
        bar.advance(done - shown);
        shown = done;
        bar.detail(console.text(
                "cli.batch.bar",
                standing.failed(),
                standing.running(),
                new BatchText(console).duration(standing.secondsLeft()),
                rate(standing.perHour()),
                rate(standing.perDevice())));
    }

    private static String rate(double perHour) {
        return String.format(Locale.ROOT, perHour < 10 ? "%.1f" : "%.0f", perHour);
    }

    @Override
    public void close() {
        bar.close();
    }
}
