package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Progress;
import io.github.cogvideo4j.cli.generation.LatentsFile;
import io.github.cogvideo4j.cli.generation.OutputNames;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.system.MachineMemory;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/// Shows how far a generation is, writes previews and gathers the latents when they are wanted.
public final class GenerationDisplay implements GenerationProgress, AutoCloseable {
    private final Console console;
    private final GenerationPlan plan;
    private final int previewEvery;
    private final Path video;
    private final Optional<LatentsFile> latents;
    private Optional<Progress> bar = Optional.empty();

    /// @param console      where the bar is drawn and warnings are told
    /// @param plan         what will be generated
    /// @param previewEvery every how many steps a preview is written; 0 for none
    /// @param video        the video, which previews are written beside
    /// @param keepLatents  whether the latents after each step are gathered
    public GenerationDisplay(Console console, GenerationPlan plan, int previewEvery, Path video, boolean keepLatents) {
        this.console = console;
        this.plan = plan;
        this.previewEvery = previewEvery;
        this.video = video;
        this.latents = keepLatents ? Optional.of(new LatentsFile()) : Optional.empty();
    }

    @Override
    public void stage(Stage stage) {
        finishBar();
        String key = "cli.progress." + GenerationPlanReport.word(stage);
        if (stage == Stage.DENOISE || stage == Stage.INVERT) {
            bar = Optional.of(console.progress(key, plan.steps(), Progress.Unit.ITEMS));
        } else {
            console.status(key);
        }
    }

    @Override
    public void start(HostTensor initialLatents) {
        latents.ifPresent(file -> file.start(initialLatents));
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
        if (latents.isPresent()) {
            try (HostTensor now = step.latents()) {
                latents.get().step(now);
            }
        }
        if (previewEvery > 0 && step.number() % previewEvery == 0 && step.number() < step.count()) {
            preview(step);
        }
    }

    private void preview(GenerationStep step) {
        try (Video frame = step.preview();
                Image image = frame.image(0)) {
            Path file = OutputNames.beside(video, ".step-%03d.png".formatted(step.number()));
            image.savePng(file);
            console.note("cli.generate.preview-written", file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void warning(Problem problem) {
        console.remark(problem);
    }

    /// Writes the latents of one video.
    public void saveLatents(Path file, int index, HostTensor last) throws IOException {
        if (latents.isPresent()) {
            latents.get().write(file, index, last);
        }
    }

    /// Takes the bar off the screen.
    public void finishBar() {
        bar.ifPresent(Progress::close);
        bar = Optional.empty();
    }

    @Override
    public void close() {
        finishBar();
        latents.ifPresent(LatentsFile::close);
    }
}
