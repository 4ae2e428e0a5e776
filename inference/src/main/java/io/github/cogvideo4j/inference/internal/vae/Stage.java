package io.github.cogvideo4j.inference.internal.vae;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/// The activations on their way: each step's result takes the place of its input.
final class Stage {
    private final VaeProbe probe;
    private Tensor frames;

    private Stage(Tensor frames, VaeProbe probe) {
        this.frames = frames;
        this.probe = probe;
    }

    /// A chunk after the first convolution.
    static Stage first(CausalConv3d conv, Tensor chunk, Pass pass) {
        Tensor frames =
                pass.workspace().activation(chunk, chunk.size(0), chunk.size(1), chunk.size(2), conv.outChannels());
        conv.forward(FrameSource.of(chunk), FrameSource.ZEROS, frames, pass);
        return new Stage(frames, pass.probe());
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
