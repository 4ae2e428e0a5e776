package io.github.cogvideo4j.inference.runtime;

import io.github.cogvideo4j.formats.tensor.DType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The type of a model's activations.
public enum Precision {
    /// 32-bit floats.
    FP32(ScalarType.Float, DType.F32),
    /// bfloat16: the range of fp32, 8 bits of precision.
    BF16(ScalarType.BFloat16, DType.BF16),
    /// IEEE half precision: 11 bits of precision, nothing above 65,504.
    FP16(ScalarType.Half, DType.F16);

    private final ScalarType scalarType;
    private final DType dtype;

    Precision(ScalarType scalarType, DType dtype) {
        this.scalarType = scalarType;
        this.dtype = dtype;
    }

    /// libtorch's name for it.
    public ScalarType scalarType() {
        return scalarType;
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
