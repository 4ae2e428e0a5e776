package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.video.Video;
import java.time.Duration;
import org.bytedeco.pytorch.Tensor;

/// The events of a generation's steps.
final class WatchedSteps implements Denoising.Listener {
    private final JobControl control;
    private final Decoding decoding;
    private final TensorProbe probe;
    private final int round;
    private final boolean counted;
    private final double[] timesteps;
    private long begun = System.nanoTime();

    /// @param counted whether a step is what progress is counted in
    WatchedSteps(
            JobControl control, Decoding decoding, TensorProbe probe, int round, boolean counted, double... timesteps) {
        this.control = control;
        this.decoding = decoding;
        this.probe = probe;
        this.round = round;
        this.counted = counted;
        this.timesteps = timesteps;
    }

    @Override
    public void stepped(int index, Tensor latents) {
        Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
        probe.see("step_latents." + index, latents);
        control.detail(new GenerationEvent.Stepped(
                new DoneStep(index + 1, timesteps.length, timesteps[index], round, elapsed, latents, decoding)));
        if (counted) {
            control.advance(1);
        }
        begun = System.nanoTime();
    }

    /// A step as the event shows it.
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
