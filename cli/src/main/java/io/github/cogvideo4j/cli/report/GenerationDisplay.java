package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.job.Activity;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Progress;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.system.MachineMemory;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// A generation's events on the terminal: its stages, a bar for the steps, and the files that it wrote.
public final class GenerationDisplay implements JobListener, AutoCloseable {
    private final Console console;
    private final Optional<CacheChoice> cache;
    private final Set<Problem> told = new HashSet<>();
    private Optional<CacheUse> toldUse = Optional.empty();
    private boolean toldTime;
    private Optional<Activity> current = Optional.empty();
    private Optional<Progress> bar = Optional.empty();

    /// @param console where the bar is drawn and warnings are told
    /// @param cache   the step cache, when there is one
    public GenerationDisplay(Console console, Optional<CacheChoice> cache) {
        this.console = console;
        this.cache = cache;
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
            case JobEvent.Warned warned -> warning(warned.problem());
            case GenerationEvent.Stepped stepped -> stepped(stepped.step());
            case GenerationEvent.PreviewWritten written -> {
                console.keep(written.file());
                console.note("cli.generate.preview-written", written.file());
            }
            case GenerationEvent.VideoWritten written -> written(written.video());
            case JobEvent.Detail _ -> {}
        }
    }

    /// Each prompt of a file has a plan of its own that notices the same.
    private void warning(Problem problem) {
        if (told.add(problem)) {
            console.warn(problem);
        }
    }

    /// Stages without steps of their own have a line; how many pieces they have is not shown.
    private void begin(Activity stage, long total) {
        boolean counted = stage == Stage.DENOISE || stage == Stage.INVERT;
        if (!counted && current.equals(Optional.of(stage))) {
            return;
        }
        finishBar();
        current = Optional.of(stage);
        String key = "cli.progress." + stage.id();
        if (counted) {
            bar = Optional.of(console.progress(key, total, Progress.Unit.ITEMS));
        } else {
            console.status(key);
        }
    }

    private void stepped(GenerationStep step) {
        if (!toldTime) {
            toldTime = true;
            tellTime(step.elapsed(), step.count() - step.number());
        }
        bar.ifPresent(shown -> detail(shown, step));
    }

    /// What a newcomer cannot guess: whether to wait for the video or to come back tomorrow.
    private void tellTime(Duration step, int left) {
        long minutes = Math.round(
                step.toMillis() * (double) left / Duration.ofMinutes(1).toMillis());
        if (minutes > 0) {
            console.note(
                    "cli.generate.minutes",
                    minutes,
                    left,
                    String.format(Locale.ROOT, "%.1f", step.toMillis() / 1000.0));
        }
    }

    private static void detail(Progress bar, GenerationStep step) {
        String memory = MachineMemory.resident().stream()
                .mapToObj(ByteSize::of)
                .findFirst()
                .orElse("");
        bar.detail(String.format(Locale.ROOT, "%.2f s  %s", step.elapsed().toMillis() / 1000.0, memory));
    }

    private void written(GeneratedVideo video) {
        finishBar();
        // The videos of one prompt share what their cache did.
        if (cache.isPresent() && video.cache().isPresent() && !video.cache().equals(toldUse)) {
            CacheReport.print(console, cache.get(), video.cache().get());
            toldUse = video.cache();
        }
        console.keptAll();
        new GeneratedVideoReport(video).print(console);
    }

    @Override
    public void close() {
        finishBar();
    }

    /// Takes the bar off the screen.
    public void finishBar() {
        bar.ifPresent(Progress::close);
        bar = Optional.empty();
    }
}
