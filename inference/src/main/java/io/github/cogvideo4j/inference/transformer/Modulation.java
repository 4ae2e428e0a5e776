package io.github.cogvideo4j.inference.transformer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A shift and a scale that the timestep gives, each `[batch, 1, width]`.
record Modulation(Tensor shift, Tensor scale) {
    /// `x * (1 + scale) + shift`, in place.
    void applyTo(Tensor normed) {
        torch.addcmul_out(normed, shift, normed, scale.add(new Scalar(1)));
    }
}
