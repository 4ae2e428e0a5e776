package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.IntFunction;

/// A listener that makes files of the steps, previews and latents, and passes all events on.
public final class StepFiles implements JobListener, AutoCloseable {
    private final JobListener next;
    private final IntFunction<GenerationOutputs> outputs;
    private final Optional<LatentsFile> latents;

    /// @param next    receives the events
    /// @param outputs the files of each of the videos that are made one after the other, counted from 0
    public StepFiles(JobListener next, IntFunction<GenerationOutputs> outputs) {
        this.next = next;
        this.outputs = outputs;
        this.latents = outputs.apply(0).latents().map(_ -> new LatentsFile());
    }

    /// A control whose events come here first.
    public JobControl control(JobControl outer) {
        return new JobControl(this, outer.cancellation());
    }

    @Override
    public void on(JobEvent event) {
        next.on(event);
        if (event instanceof GenerationEvent.Started(HostTensor initial)) {
            latents.ifPresent(file -> file.start(initial));
        } else if (event instanceof GenerationEvent.Stepped(GenerationStep step)) {
            stepped(step);
        }
    }

    private void stepped(GenerationStep step) {
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
        next.on(new GenerationEvent.PreviewWritten(file));
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
