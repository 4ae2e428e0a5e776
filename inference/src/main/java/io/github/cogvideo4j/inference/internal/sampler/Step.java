package io.github.cogvideo4j.inference.internal.sampler;

import org.bytedeco.pytorch.Tensor;

/// What a step gives.
///
/// @param sample   the sample after it, not yet cast back to the sample's type
/// @param denoised the sample without noise, as it looks from here
public record Step(Tensor sample, Tensor denoised) {}
