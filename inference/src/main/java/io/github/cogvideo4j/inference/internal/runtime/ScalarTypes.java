package io.github.cogvideo4j.inference.internal.runtime;

import io.github.cogvideo4j.inference.options.Precision;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// libtorch's names for the precisions in which models compute.
public final class ScalarTypes {
    private ScalarTypes() {}

    /// The element type of tensors of a precision.
    public static ScalarType of(Precision precision) {
        return switch (precision) {
            case FP32 -> ScalarType.Float;
            case BF16 -> ScalarType.BFloat16;
            case FP16 -> ScalarType.Half;
        };
    }

    /// The precision of a tensor.
    ///
    /// @throws IllegalArgumentException when its elements are of another type
    public static Precision precision(Tensor tensor) {
        ScalarType type = tensor.scalar_type().intern();
        return Arrays.stream(Precision.values())
                .filter(precision -> of(precision) == type)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(type.toString()));
    }
}
