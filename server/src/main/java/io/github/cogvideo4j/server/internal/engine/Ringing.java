package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import java.time.Duration;

/// Passes on what the worker measures, and rings when something has changed that streams of events tell.
///
/// @param next    receives it all
/// @param changes the bell
record Ringing(JobMetrics next, Changes changes) implements JobMetrics {
    @Override
    public void finished(Job.Operation operation, String result, Duration waited, Duration ran) {
        next.finished(operation, result, waited, ran);
        changes.ring();
    }

    @Override
    public void phase(String phase, Duration took) {
        next.phase(phase, took);
    }

    @Override
    public void step(Duration took) {
        next.step(took);
    }

    @Override
    public void pass(int jobs) {
        next.pass(jobs);
        changes.ring();
    }

    @Override
    public void loaded(Duration took) {
        next.loaded(took);
    }

    @Override
    public void defect(Throwable thrown) {
        next.defect(thrown);
    }

    @Override
    public void refused(JobRefusedException.Reason reason) {
        next.refused(reason);
    }
}
