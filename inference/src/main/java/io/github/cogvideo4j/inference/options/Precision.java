package io.github.cogvideo4j.inference.options;

import io.github.cogvideo4j.formats.tensor.DType;

/// The type of a model's activations.
public enum Precision {
    /// 32-bit floats.
    FP32(DType.F32),
    /// bfloat16: the range of fp32, 8 bits of precision.
    BF16(DType.BF16),
    /// IEEE half precision: 11 bits of precision, nothing above 65,504.
    FP16(DType.F16);

    private final DType dtype;

    Precision(DType dtype) {
        this.dtype = dtype;
    }

    /// The type in weight files.
    public DType dtype() {
        return dtype;
    }

    /// Whether it has 16 bits.
    public boolean isHalf() {
        return this != FP32;
    }
}
