package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.video.Video;
import java.time.Duration;
import org.bytedeco.pytorch.Tensor;

/// Tells the watcher of a generation about its steps.
final class WatchedSteps implements Denoising.Listener {
    private final GenerationProgress progress;
    private final StageClock clock;
    private final Decoding decoding;
    private final Probe probe;
    private final int round;
    private final double[] timesteps;
    private long begun = System.nanoTime();

    WatchedSteps(
            GenerationProgress progress,
            StageClock clock,
            Decoding decoding,
            Probe probe,
            int round,
            double... timesteps) {
        this.progress = progress;
        this.clock = clock;
        this.decoding = decoding;
        this.probe = probe;
        this.round = round;
        this.timesteps = timesteps;
    }

    @Override
    public void stepped(int index, Tensor latents) {
        Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
        probe.see("step_latents." + index, latents);
        progress.step(new DoneStep(index + 1, timesteps.length, timesteps[index], round, elapsed, latents, decoding));
        clock.checkCancelled();
        begun = System.nanoTime();
    }

    /// A step as the watcher sees it.
    private record DoneStep(
            int number, int count, double timestep, int round, Duration elapsed, Tensor tensor, Decoding decoding)
            implements GenerationStep {
        @Override
        public HostTensor latents() {
            return HostTensors.copyOf(tensor);
        }

        @Override
        public Video preview() {
            return decoding.preview(tensor);
        }
    }
}
