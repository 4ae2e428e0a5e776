package io.github.cogvideo4j.checkpoints.internal.cast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ElementCastTest {
    /// Nearest by exact decimal arithmetic between the two neighbours, ties to the even code.
    @Property(tries = 20)
    void roundsAThousandNumbersToTheNearestBrainFloat(Generator generator) {
        for (int i = 0; i < 1_000; i++) {
            assertNearest(generator.bits(), DType.BF16);
        }
    }

    @Property(tries = 20)
    void roundsAThousandNumbersToTheNearestHalf(Generator generator) {
        for (int i = 0; i < 1_000; i++) {
            assertNearest(generator.bits(), DType.F16);
        }
    }

    /// Every bfloat16 code's own value, the tie above it, and the numbers beside the tie.
    @Test
    void roundsEveryTieOfBrainFloatToEven() {
        ByteBuffer in = buffer(4 * 4 * 0x7F80);
        ByteBuffer expected = buffer(2 * 4 * 0x7F80);
        for (int code = 0; code < 0x7F80; code++) {
            int even = (code & 1) == 0 ? code : code + 1;
            in.putInt(code << 16)
                    .putInt(code << 16 | 0x7FFF)
                    .putInt(code << 16 | 0x8000)
                    .putInt(code << 16 | 0x8001);
            expected.putShort((short) code)
                    .putShort((short) code)
                    .putShort((short) even)
                    .putShort((short) (code + 1));
        }

        assertThat(cast(in.flip(), DType.F32, DType.BF16)).isEqualTo(expected.flip());
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void everyNarrowNumberSurvivesTheWayThroughFp32(DType narrow) {
        ByteBuffer codes = buffer(2 * 0x10000);
        for (int code = 0; code < 0x10000; code++) {
            codes.putShort((short) code);
        }
        ByteBuffer wide = cast(codes.flip(), narrow, DType.F32);

        ByteBuffer back = cast(wide.duplicate().order(ByteOrder.LITTLE_ENDIAN), DType.F32, narrow);

        for (int code = 0; code < 0x10000; code++) {
            float value = wide.getFloat(4 * code);
            if (isNaN(code, narrow)) {
                assertThat(value).isNaN();
                assertThat(isNaN(back.getShort(2 * code) & 0xFFFF, narrow)).isTrue();
            } else {
                assertThat(value).isEqualTo(valueOf(code, narrow));
                assertThat(back.getShort(2 * code) & 0xFFFF).isEqualTo(code);
            }
        }
    }

    /// What torch 2.13 on x86-64 gives for a long tensor of each value.
    @ParameterizedTest
    @CsvSource({
        "F32, 7F800001, BF16, FFFF",
        "F32, FFC12345, BF16, FFFF",
        "F32, 7F800000, BF16, 7F80",
        "F32, FF800000, BF16, FF80",
        "F32, 7F7FFFFF, BF16, 7F80",
        "F32, 00000001, BF16, 0000",
        "F32, 00018000, BF16, 0002",
        "F32, 80008001, BF16, 8001",
        "F32, FFC12345, F16,  FE09",
        "F32, 477FEFFF, F16,  7BFF",
        "F32, 477FF000, F16,  7C00",
        "F32, 33000000, F16,  0000",
        "F32, 33000001, F16,  0001",
        "F64, 7FF8000000000000, BF16, FFFF",
        "F64, FFFFFFFFFFFFFFFF, F16,  FFFF",
        "F64, 7FF0000000000001, F32,  7FC00000",
        "F64, FFFFFFFFFFFFFFFF, F32,  FFFFFFFF",
        "F64, 3FF0000010000000, F32,  3F800000",
        "F64, 47EFFFFFF0000000, F32,  7F800000",
        "F16, 7C01, F32,  7FC02000",
        "F16, 7E00, BF16, 7FC0",
        "I64, 0000000001000001, F32,  4B800000",
        "I64, 0000010000010001, F32,  53800001",
        "I64, 0000010000010001, BF16, 5380",
        "I64, 7FFFFFFFFFFFFFFF, BF16, 5F00",
        "I64, 8000000000000001, F16,  FC00",
        "I64, FFFFFFFFFFFFFFFF, BF16, BF80",
        "U64, FFFFFFFFFFFFFFFF, F32,  5F800000",
        "U64, 8000008000000001, F32,  5F000001",
        "I32, 01000001, F32,  4B800000",
        "U32, FFFFFFFF, F32,  4F800000",
        "I16, FFFF,     BF16, BF80",
        "U16, FFFF,     F16,  7C00",
        "I8,  80,       F16,  D800",
        "U8,  FF,       BF16, 437F",
        "BOOL, 01,      BF16, 3F80",
        "F8_E4M3, 7E,   BF16, 43E0",
        "F8_E4M3, 7F,   F16,  7F80",
        "F8_E4M3, 01,   F32,  3B000000",
        "F8_E4M3, FF,   F32,  FFF00000",
        "F8_E5M2, 7B,   F32,  47600000",
        "F8_E5M2, 7C,   F32,  7F800000",
        "F8_E5M2, FD,   BF16, 7FC0",
        "F8_E5M2, 01,   F32,  37800000",
        "F8_E4M3FNUZ, 7F, F32, 43700000",
        "F8_E4M3FNUZ, 80, BF16, 7FC0",
        "F8_E4M3FNUZ, 01, F32, 3A800000",
        "F8_E5M2FNUZ, FF, F32, C7600000",
        "F8_E5M2FNUZ, 80, F32, 7F800001",
        "F8_E8M0, 00,   F32,  00400000",
        "F8_E8M0, FE,   F32,  7F000000",
        "F8_E8M0, FF,   F32,  7F800001"
    })
    void agreesWithTorch(DType from, String bits, DType to, String expected) {
        ByteBuffer in = element(bits);

        assertThat(cast(in, from, to)).isEqualTo(element(expected));
    }

    static Stream<String> converted() {
        return Resources.cases("").stream()
                .filter(name -> Files.exists(Resources.fixture(name).resolve("reference/fp32-safe/model.safetensors")))
                .filter(name -> Files.exists(
                        Resources.fixture(name).resolve("reference/bf16-safe/diffusion_pytorch_model.safetensors")));
    }

    @ParameterizedTest
    @MethodSource("converted")
    void makesTheBytesOfTheReferenceConverter(String fixture) {
        Map<String, TinySafetensors.Tensor> merged =
                TinySafetensors.read(Resources.fixture(fixture + "/reference/fp32-safe/model.safetensors"));
        Map<String, TinySafetensors.Tensor> reference = TinySafetensors.read(
                Resources.fixture(fixture + "/reference/bf16-safe/diffusion_pytorch_model.safetensors"));

        assertThat(merged.keySet()).isEqualTo(reference.keySet());
        merged.forEach((name, tensor) -> assertThat(
                        cast(tensor.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN), tensor.dtype(), DType.BF16))
                .as(name)
                .isEqualTo(reference.get(name).bytes()));
    }

    @Test
    void complexAndPackedTypesAreRefused() {
        assertThatExceptionOfType(InvalidCheckpointException.class)
                .isThrownBy(() -> ElementCast.of(DType.C64, DType.BF16, Place.nowhere()))
                .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED_TENSOR));
        assertThatExceptionOfType(InvalidCheckpointException.class)
                .isThrownBy(() -> ElementCast.of(DType.F4, DType.BF16, Place.nowhere()));
    }

    @Test
    void theSameTypeIsCopiedBitForBit() {
        ByteBuffer in = buffer(16)
                .putInt(0x7F800001)
                .putInt(0xFFFFFFFF)
                .putInt(1)
                .putInt(0x80000000)
                .flip();

        assertThat(cast(in.duplicate().order(ByteOrder.LITTLE_ENDIAN), DType.F32, DType.F32))
                .isEqualTo(in);
    }

    @Test
    void nanAndInfinityAreCountedWithTheFirstIndexAcrossChunks() {
        int elements = 10_000;
        ByteBuffer in = buffer(4 * elements);
        in.putFloat(4 * 7_000, Float.NaN)
                .putFloat(4 * 9_999, Float.NEGATIVE_INFINITY)
                .putFloat(4 * 3, -2.5f);
        ValueScan scan = new ValueScan(DType.BF16);

        castAll(in, DType.F32, DType.BF16, scan);

        assertThat(scan.elements()).isEqualTo(elements);
        assertThat(scan.nans()).isEqualTo(1);
        assertThat(scan.infinities()).isEqualTo(1);
        assertThat(scan.firstNonFinite()).hasValue(7_000);
        assertThat(scan.largestMagnitude()).isEqualTo(2.5);
        assertThat(scan.overflows()).isZero();
        assertThat(scan.problems(Place.nowhere())).singleElement().satisfies(problem -> {
            assertThat(problem.code()).isEqualTo(ProblemCode.NAN_INF);
            assertThat(problem.message().text()).contains("NaN", "7000");
        });
    }

    @Test
    void finiteNumbersThatBecomeInfiniteAreAnOverflow() {
        ByteBuffer in = buffer(16)
                .putFloat(65_519.99f)
                .putFloat(-65_520f)
                .putFloat(1e6f)
                .putFloat(1f)
                .flip();
        ValueScan scan = new ValueScan(DType.F16);

        castAll(in, DType.F32, DType.F16, scan);

        assertThat(scan.overflows()).isEqualTo(2);
        assertThat(scan.firstOverflow()).hasValue(1);
        Problem problem = scan.problems(Place.nowhere()).getFirst();
        assertThat(problem.code()).isEqualTo(ProblemCode.OVERFLOW);
        assertThat(problem.message().text()).contains("fp16", "65504");
    }

    @Test
    void aDoubleBeyondFp32IsAnOverflowAndNotAnInfinity() {
        ByteBuffer in =
                buffer(16).putDouble(1e300).putDouble(Double.POSITIVE_INFINITY).flip();
        ValueScan scan = new ValueScan(DType.BF16);

        castAll(in, DType.F64, DType.BF16, scan);

        assertThat(scan.overflows()).isEqualTo(1);
        assertThat(scan.infinities()).isEqualTo(1);
    }

    @Test
    void nothingButZerosOfEitherSignIsAllZero() {
        ValueScan scan = new ValueScan(DType.BF16);

        castAll(buffer(8).putFloat(0f).putFloat(-0f).flip(), DType.F32, DType.BF16, scan);

        assertThat(scan.problems(Place.nowhere()))
                .singleElement()
                .satisfies(problem -> assertThat(problem.code()).isEqualTo(ProblemCode.ALL_ZERO));
    }

    private static void assertNearest(int bits, DType to) {
        float value = Float.intBitsToFloat(bits);
        int code = cast(buffer(4).putInt(bits).flip(), DType.F32, to).getShort(0) & 0xFFFF;
        if (Float.isNaN(value)) {
            assertThat(isNaN(code, to)).isTrue();
            return;
        }
        int infinity = to == DType.BF16 ? 0x7F80 : 0x7C00;
        int magnitude = code & 0x7FFF;
        assertThat(code & 0x8000).isEqualTo(bits >>> 16 & 0x8000);
        assertThat(magnitude).isLessThanOrEqualTo(infinity);
        if (Float.isInfinite(value)) {
            assertThat(magnitude).isEqualTo(infinity);
            return;
        }
        BigDecimal exact = new BigDecimal(Math.abs((double) value));
        BigDecimal error = exact.subtract(decimal(magnitude, to)).abs();
        for (int neighbour : new int[] {magnitude - 1, magnitude + 1}) {
            if (neighbour >= 0 && neighbour <= infinity) {
                int order =
                        error.compareTo(exact.subtract(decimal(neighbour, to)).abs());
                assertThat(order).isLessThanOrEqualTo(0);
                assertThat(order == 0 && magnitude % 2 == 1).isFalse();
            }
        }
    }

    /// The value of a code; infinity counts as the number that would follow the largest, as IEEE 754 rounds.
    private static BigDecimal decimal(int magnitude, DType type) {
        boolean brain = type == DType.BF16;
        int mantissaBits = brain ? 7 : 10;
        int bias = brain ? 127 : 15;
        int exponent = magnitude >>> mantissaBits;
        int mantissa = magnitude & ((1 << mantissaBits) - 1);
        return exponent == 0
                ? new BigDecimal(Math.scalb((double) mantissa, 1 - bias - mantissaBits))
                : new BigDecimal(Math.scalb((double) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits));
    }

    private static float valueOf(int code, DType type) {
        int magnitude = code & 0x7FFF;
        boolean infinite = magnitude == (type == DType.BF16 ? 0x7F80 : 0x7C00);
        float value =
                infinite ? Float.POSITIVE_INFINITY : decimal(magnitude, type).floatValue();
        return code > 0x7FFF ? -value : value;
    }

    private static boolean isNaN(int code, DType type) {
        return (code & 0x7FFF) > (type == DType.BF16 ? 0x7F80 : 0x7C00);
    }

    private static ByteBuffer element(String bigEndianHex) {
        byte[] bytes = java.util.HexFormat.of().parseHex(bigEndianHex);
        ByteBuffer buffer = buffer(bytes.length);
        for (int i = bytes.length - 1; i >= 0; i--) {
            buffer.put(bytes[i]);
        }
        return buffer.flip();
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer cast(ByteBuffer in, DType from, DType to) {
        return castAll(in, from, to, new ValueScan(to));
    }

    private static ByteBuffer castAll(ByteBuffer in, DType from, DType to, ValueScan scan) {
        ByteBuffer out = buffer(in.remaining() / from.bytes() * to.bytes());
        ElementCast.of(from, to, Place.nowhere()).cast(in, out, scan);
        assertThat(in.remaining()).isZero();
        return out.flip();
    }
}
