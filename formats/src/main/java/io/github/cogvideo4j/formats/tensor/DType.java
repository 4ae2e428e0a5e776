package io.github.cogvideo4j.formats.tensor;

import java.util.Arrays;
import java.util.Optional;

/// Element types, in the order in which safetensors sorts them inside a file.
///
/// Source of names and order: the reference implementation of safetensors 0.8.0 (`Dtype`); the torch names
/// are those of `torch.dtype` without the `torch.` prefix.
public enum DType {
    BOOL(8, "bool"),
    F4(4, "float4_e2m1fn_x2"),
    F6_E2M3(6, ""),
    F6_E3M2(6, ""),
    U8(8, "uint8"),
    I8(8, "int8"),
    F8_E5M2(8, "float8_e5m2"),
    F8_E4M3(8, "float8_e4m3fn"),
    F8_E8M0(8, "float8_e8m0fnu"),
    F8_E4M3FNUZ(8, "float8_e4m3fnuz"),
    F8_E5M2FNUZ(8, "float8_e5m2fnuz"),
    I16(16, "int16"),
    U16(16, "uint16"),
    F16(16, "float16"),
    BF16(16, "bfloat16"),
    I32(32, "int32"),
    U32(32, "uint32"),
    F32(32, "float32"),
    C64(64, "complex64"),
    F64(64, "float64"),
    I64(64, "int64"),
    U64(64, "uint64"),
    /// Two doubles an element. torch has it; safetensors has no name for it and refuses to store it.
    C128(128, "complex128");

    private final int bits;
    private final String torchName;

    DType(int bits, String torchName) {
        this.bits = bits;
        this.torchName = torchName;
    }

    /// Bits in an element; 4 and 6 for the packed types.
    public int bits() {
        return bits;
    }

    /// Bytes in an element.
    ///
    /// @throws IllegalStateException for the packed types, whose elements are no whole bytes
    public int bytes() {
        if (bits % 8 != 0) {
            throw new IllegalStateException(this + " elements are " + bits + " bits");
        }
        return bits / 8;
    }

    /// The size of the unit whose bytes are swapped between byte orders: a component of a complex number, else
    /// the element.
    public int swapUnit() {
        return switch (this) {
            case C64, C128 -> bytes() / 2;
            default -> bytes();
        };
    }

    /// `torch.dtype`'s name, empty where torch has no such type.
    public String torchName() {
        return torchName;
    }

    /// Whether elements are floating point numbers, complex ones included.
    public boolean isFloatingPoint() {
        return switch (this) {
            case BOOL, U8, I8, I16, U16, I32, U32, I64, U64 -> false;
            default -> true;
        };
    }

    /// The type of this name in a safetensors header; case matters.
    public static Optional<DType> bySafetensorsName(String name) {
        return Arrays.stream(values())
                .filter(type -> type != C128 && type.name().equals(name))
                .findFirst();
    }

    /// The type of this torch name: `float32`.
    public static Optional<DType> byTorchName(String name) {
        return name.isEmpty()
                ? Optional.empty()
                : Arrays.stream(values())
                        .filter(type -> type.torchName.equals(name))
                        .findFirst();
    }
}
