package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Progress;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.system.MachineMemory;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/// Shows how far a generation is, and what it wrote.
public final class GenerationDisplay implements GenerationProgress, AutoCloseable {
    private final Console console;
    private final int steps;
    private final Optional<CacheChoice> cache;
    private Optional<CacheUse> toldUse = Optional.empty();
    private Optional<Progress> bar = Optional.empty();

    /// @param console where the bar is drawn and warnings are told
    /// @param steps   how many denoising steps there are
    /// @param cache   the step cache, when there is one
    public GenerationDisplay(Console console, int steps, Optional<CacheChoice> cache) {
        this.console = console;
        this.steps = steps;
        this.cache = cache;
    }

    @Override
    public void stage(Stage stage) {
        finishBar();
        String key = "cli.progress." + stage.id();
        if (stage == Stage.DENOISE || stage == Stage.INVERT) {
            bar = Optional.of(console.progress(key, steps, Progress.Unit.ITEMS));
        } else {
            console.status(key);
        }
    }

    @Override
    public void step(GenerationStep step) {
        bar.ifPresent(shown -> {
            shown.advance(1);
            String memory = MachineMemory.resident().stream()
                    .mapToObj(ByteSize::of)
                    .findFirst()
                    .orElse("");
            shown.detail(String.format(Locale.ROOT, "%.2f s  %s", step.elapsed().toMillis() / 1000.0, memory));
        });
    }

    @Override
    public void preview(Path file) {
        console.note("cli.generate.preview-written", file);
    }

    @Override
    public void written(GeneratedVideo video) {
        finishBar();
        // The videos of one prompt share what their cache did.
        if (cache.isPresent() && video.cache().isPresent() && !video.cache().equals(toldUse)) {
            CacheReport.print(console, cache.get(), video.cache().get());
            toldUse = video.cache();
        }
        new GeneratedVideoReport(video).print(console);
    }

    @Override
    public void warning(Problem problem) {
        console.remark(problem);
    }

    /// Takes the bar off the screen.
    public void finishBar() {
        bar.ifPresent(Progress::close);
        bar = Optional.empty();
    }

    @Override
    public void close() {
        finishBar();
    }
}
