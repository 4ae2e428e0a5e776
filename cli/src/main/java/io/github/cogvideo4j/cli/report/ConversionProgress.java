package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.job.Activity;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Progress;
import java.util.Optional;

/// A job's events on the terminal: one bar after the other, and warnings as lines above them.
public final class ConversionProgress implements JobListener, AutoCloseable {
    private final Console console;
    private volatile Optional<Progress> bar = Optional.empty();

    /// @param console where the bars are drawn
    public ConversionProgress(Console console) {
        this.console = console;
    }

    /// A control for a job that nobody cancels.
    public JobControl control() {
        return JobControl.of(this);
    }

    @Override
    public void on(JobEvent event) {
        switch (event) {
            case JobEvent.Begun begun -> begin(begun.activity(), begun.total());
            case JobEvent.Advanced more -> bar.ifPresent(shown -> shown.advance(more.amount()));
            case JobEvent.Warned warned -> console.warn(warned.problem());
            case JobEvent.Detail _ -> {}
        }
    }

    private void begin(Activity activity, long total) {
        close();
        Progress.Unit unit = activity.unit() == Activity.Unit.BYTES ? Progress.Unit.BYTES : Progress.Unit.ITEMS;
        bar = Optional.of(console.progress("cli.progress." + activity.id(), total, unit));
    }

    @Override
    public void close() {
        bar.ifPresent(Progress::close);
        bar = Optional.empty();
    }
}
