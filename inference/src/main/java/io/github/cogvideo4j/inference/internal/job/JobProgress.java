package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.IntFunction;

/// Between a generation and whoever watches it: writes the previews and gathers the latents on the way.
public final class JobProgress implements GenerationProgress, AutoCloseable {
    private final GenerationProgress watcher;
    private final IntFunction<GenerationOutputs> outputs;
    private final Optional<LatentsFile> latents;

    /// @param watcher who is told
    /// @param outputs the files of each of the videos that are made one after the other, counted from 0
    public JobProgress(GenerationProgress watcher, IntFunction<GenerationOutputs> outputs) {
        this.watcher = watcher;
        this.outputs = outputs;
        this.latents = outputs.apply(0).latents().map(_ -> new LatentsFile());
    }

    @Override
    public void stage(Stage stage) {
        watcher.stage(stage);
    }

    @Override
    public void advance(Stage stage, long done, long total) {
        watcher.advance(stage, done, total);
    }

    @Override
    public void start(HostTensor initialLatents) {
        latents.ifPresent(file -> file.start(initialLatents));
        watcher.start(initialLatents);
    }

    @Override
    public void step(GenerationStep step) {
        watcher.step(step);
        if (latents.isPresent()) {
            try (HostTensor now = step.latents()) {
                latents.get().step(now);
            }
        }
        GenerationOutputs files = outputs.apply(step.round());
        if (files.hasPreview(step.number(), step.count())) {
            preview(step, files);
        }
    }

    private void preview(GenerationStep step, GenerationOutputs files) {
        Path file = files.preview(step.number());
        try (Video frame = step.preview();
                Image image = frame.image(0)) {
            image.savePng(file, files.overwrite());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        watcher.preview(file);
    }

    @Override
    public void warning(Problem problem) {
        watcher.warning(problem);
    }

    @Override
    public boolean isCancelled() {
        return watcher.isCancelled();
    }

    /// Writes the latents of one video, when they are wanted.
    ///
    /// @param index which of the videos, counted from 0
    /// @param last  the last latents of all of them
    public void saveLatents(int index, HostTensor last) throws IOException {
        GenerationOutputs files = outputs.apply(index);
        if (latents.isPresent() && files.latents().isPresent()) {
            latents.get().write(files.latents().get(), files.overwrite(), index, last);
        }
    }

    @Override
    public void close() {
        latents.ifPresent(LatentsFile::close);
    }
}
