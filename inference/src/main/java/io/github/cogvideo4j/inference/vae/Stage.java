package io.github.cogvideo4j.inference.vae;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/// The activations on their way: each step's input is freed as soon as the step is done.
final class Stage {
    private final Probe probe;
    private Tensor frames;

    Stage(Tensor frames, Probe probe) {
        this.frames = frames;
        this.probe = probe;
    }

    void next(UnaryOperator<Tensor> step) {
        Tensor before = frames;
        frames = step.apply(before);
        before.close();
    }

    void done(String name) {
        probe.see(name, () -> frames);
    }

    Tensor frames() {
        return frames;
    }
}
