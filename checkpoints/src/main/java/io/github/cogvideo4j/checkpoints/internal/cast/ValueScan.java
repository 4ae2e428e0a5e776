package io.github.cogvideo4j.checkpoints.internal.cast;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// The observations of a tensor's values while they are cast: NaN, infinities, nothing but zeros, and finite
/// numbers that the new type cannot hold.
///
/// A chunk costs one maximum over its magnitudes; only a chunk whose maximum is suspicious is looked at one by
/// one.
public final class ValueScan {
    /// fp32's bits without the sign.
    static final int MAGNITUDE = 0x7FFF_FFFF;
    /// fp32's bits of infinity; a NaN has larger ones.
    static final int INFINITY = 0x7F80_0000;

    private final DType target;
    private final int overflowFrom;
    private long elements;
    private long nans;
    private long infinities;
    private long overflows;
    private long firstNonFinite = -1;
    private long firstOverflow = -1;
    private double largest;

    /// A scan of one tensor.
    ///
    /// @param target the type its elements become
    public ValueScan(DType target) {
        this.target = target;
        this.overflowFrom = switch (target) {
            // The smallest magnitudes that round to infinity: halfway above the largest number.
            case F16 -> Float.floatToRawIntBits(65_520f);
            case BF16 -> 0x7F7F_8000;
            default -> INFINITY;
        };
    }

    /// The elements seen.
    public long elements() {
        return elements;
    }

    /// How many are not a number.
    public long nans() {
        return nans;
    }

    /// How many are infinite in the source.
    public long infinities() {
        return infinities;
    }

    /// How many are finite in the source and infinite in the new type.
    public long overflows() {
        return overflows;
    }

    /// The index of the first NaN or infinity.
    public OptionalLong firstNonFinite() {
        return firstNonFinite < 0 ? OptionalLong.empty() : OptionalLong.of(firstNonFinite);
    }

    /// The index of the first that became infinite.
    public OptionalLong firstOverflow() {
        return firstOverflow < 0 ? OptionalLong.empty() : OptionalLong.of(firstOverflow);
    }

    /// The largest finite magnitude.
    public double largestMagnitude() {
        return largest;
    }

    /// Whether there are elements, and all are zero.
    public boolean isAllZero() {
        return elements > 0 && largest == 0 && nans == 0 && infinities == 0;
    }

    /// The warnings about the values: `nan-inf`, `all-zero`, `overflow`.
    ///
    /// @param place the tensor
    public List<Problem> problems(Place place) {
        List<Problem> problems = new ArrayList<>();
        if (firstNonFinite >= 0) {
            problems.add(Problem.of(
                    ProblemCode.NAN_INF,
                    place,
                    "checkpoints.values.nan-inf",
                    nans,
                    infinities,
                    elements,
                    firstNonFinite));
        }
        if (isAllZero()) {
            problems.add(Problem.of(ProblemCode.ALL_ZERO, place, "checkpoints.values.all-zero", elements));
        }
        if (overflows > 0) {
            problems.add(Problem.of(
                            ProblemCode.OVERFLOW,
                            place,
                            "checkpoints.values.overflow",
                            overflows,
                            targetName(),
                            target == DType.F16 ? "65504" : "3.4e38",
                            "%.4g".formatted(largest),
                            firstOverflow)
                    .with(Remedy.change(Remedy.Field.DTYPE)));
        }
        return problems;
    }

    private String targetName() {
        return TargetDType.of(target).map(TargetDType::id).orElseGet(target::toString);
    }

    /// Takes a chunk.
    ///
    /// @param bits    fp32 bits of the values
    /// @param doubles bits of the values themselves where they are fp64, else empty
    /// @param count   how many
    /// @param max     the largest of the bits without their sign
    void accept(int[] bits, long[] doubles, int count, int max) {
        if (max >= overflowFrom || doubles.length > 0) {
            acceptEach(bits, doubles, count);
        } else {
            largest = Math.max(largest, Float.intBitsToFloat(max));
        }
        elements += count;
    }

    private void acceptEach(int[] bits, long[] doubles, int count) {
        for (int i = 0; i < count; i++) {
            int magnitude = bits[i] & MAGNITUDE;
            double value = Math.abs(
                    doubles.length == 0 ? Float.intBitsToFloat(magnitude) : Double.longBitsToDouble(doubles[i]));
            if (Double.isFinite(value)) {
                largest = Math.max(largest, value);
                if (magnitude >= overflowFrom && target != DType.F64) {
                    overflows++;
                    firstOverflow = firstOverflow < 0 ? elements + i : firstOverflow;
                }
            } else {
                firstNonFinite = firstNonFinite < 0 ? elements + i : firstNonFinite;
                if (Double.isNaN(value)) {
                    nans++;
                } else {
                    infinities++;
                }
            }
        }
    }
}
