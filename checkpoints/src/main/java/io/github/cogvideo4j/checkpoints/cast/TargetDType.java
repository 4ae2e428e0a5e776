package io.github.cogvideo4j.checkpoints.cast;

import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.tensor.DType;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// The dtype that elements are written in.
public enum TargetDType {
    /// Every tensor bfloat16.
    BF16(DType.BF16, "bfloat16"),
    /// Every tensor float16.
    FP16(DType.F16, "float16"),
    /// Every tensor float32.
    FP32(DType.F32, "float32"),
    /// What the merge of the training state gives: parameters and buffers fp32, frozen parameters in their own
    /// dtype.
    SOURCE(DType.F32, "source");

    private final DType dtype;
    private final String longName;

    TargetDType(DType dtype, String longName) {
        this.dtype = dtype;
        this.longName = longName;
    }

    /// What an entry of a state dict becomes.
    public DType of(StateEntry entry) {
        return this == SOURCE ? entry.mergedDType() : dtype;
    }

    /// The choice that makes tensors of this type, if there is one.
    public static Optional<TargetDType> of(DType dtype) {
        return Arrays.stream(values())
                .filter(target -> target != SOURCE && target.dtype == dtype)
                .findFirst();
    }

    /// Reads `bf16`, `bfloat16`, `fp16`, ...; case does not matter.
    public static Optional<TargetDType> parse(String text) {
        String name = text.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(target -> target.id().equals(name) || target.longName.equals(name))
                .findFirst();
    }

    /// The short name that the command line uses.
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
