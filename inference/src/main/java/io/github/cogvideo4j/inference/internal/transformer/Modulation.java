package io.github.cogvideo4j.inference.internal.transformer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/// A shift and a scale that the timestep gives, each `[batch, 1, width]`.
record Modulation(Tensor shift, Tensor scale) {
    /// `x * (1 + scale) + shift`, in place. Two operations, because in half precision the reference rounds
    /// between them: a fused one moves the attention's result beyond its tolerance.
    void applyTo(Tensor normed) {
        normed.mul_(scale.add(new Scalar(1))).add_(shift);
    }
}
