package io.github.cogvideo4j.formats.internal.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Expected texts and hashes are those of `safetensors.torch.save` 0.8.0 for the same tensors.
class SafetensorsLayoutTest {
    private static TensorSpec tensor(String name, DType dtype, long... sizes) {
        return new TensorSpec(name, dtype, Shape.of(sizes));
    }

    private static String header(SafetensorsLayout layout) {
        ByteBuffer head = layout.head();
        return StandardCharsets.UTF_8.decode(head.position(8)).toString();
    }

    @Test
    void nothingButPaddingIsWrittenForNoTensors() {
        ByteBuffer head = SafetensorsLayout.of(List.of(), Map.of()).head();
        assertThat(head).isEqualTo(ByteBuffer.wrap("\u0008\0\0\0\0\0\0\0{}      ".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void namesAreEscapedAndOrderedAsTheReferenceDoes() {
        List<TensorSpec> tensors = Stream.of(
                        "\0\u0001\u001f",
                        "\b\f\n\r\t",
                        "\"q\"",
                        "b\\s",
                        "s/l",
                        "\u007f",
                        "\u2028",
                        "é",
                        "\uffff",
                        "\ue000",
                        "\ud83d\ude00",
                        "z")
                .map(name -> tensor(name, DType.U8))
                .toList();
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, Map.of("format", "pt"));
        assertThat(header(layout))
                .startsWith("{\"__metadata__\":{\"format\":\"pt\"},\"\\u0000\\u0001\\u001f\":{\"dtype\":\"U8\","
                        + "\"shape\":[],\"data_offsets\":[0,1]},\"\\b\\f\\n\\r\\t\":{");
        byte[] file = new byte[Math.toIntExact(layout.fileSize())];
        Arrays.fill(file, (byte) 7);
        layout.head().get(file, 0, layout.head().remaining());
        assertThat(Resources.sha256(file))
                .isEqualTo("91c8edc02780ffb2950885d5999b14f08b39eb7d8386a3938c710999ba85e6b4");
    }

    @Test
    void dtypesAreOrderedAsTheReferenceDoes() {
        List<TensorSpec> tensors = Arrays.stream(DType.values())
                .filter(type -> type != DType.C128 && type.bits() >= 8)
                .map(type -> tensor(type.torchName(), type, 2))
                .toList();
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, Map.of());
        byte[] file = new byte[Math.toIntExact(layout.fileSize())];
        layout.head().get(file, 0, layout.head().remaining());
        assertThat(Resources.sha256(file))
                .isEqualTo("4d73f3d87455ad606bd522af3fe0d4d0eb010c70bbe920ef129231870c0b7088");
    }

    @Test
    void slotsFollowTheHeaderWithoutGaps() {
        SafetensorsLayout layout = SafetensorsLayout.of(
                List.of(tensor("b", DType.F16, 3), tensor("a", DType.F16, 1), tensor("w", DType.F32, 2, 2)), Map.of());
        long start = layout.head().remaining();
        assertThat(layout.slots())
                .containsExactly(
                        new SafetensorsLayout.Slot(tensor("w", DType.F32, 2, 2), start, 16),
                        new SafetensorsLayout.Slot(tensor("a", DType.F16, 1), start + 16, 2),
                        new SafetensorsLayout.Slot(tensor("b", DType.F16, 3), start + 18, 6));
        assertThat(layout.fileSize()).isEqualTo(start + 24);
    }

    @Test
    void metadataIsSortedByKey() {
        assertThat(header(SafetensorsLayout.of(List.of(), Map.of("b", "2", "a", "1", "c", "3"))))
                .startsWith("{\"__metadata__\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}}");
    }

    @Test
    void whatCannotBeWrittenIsRefused() {
        assertThatThrownBy(() -> SafetensorsLayout.of(List.of(tensor("z", DType.C128, 1)), Map.of()))
                .isInstanceOf(UnsupportedFileException.class)
                .hasMessageContaining("unsupported-tensor")
                .hasMessageContaining("complex128");
        refused("st-duplicate-key", tensor("a", DType.U8), tensor("a", DType.F32, 2));
        refused("st-header", tensor("__metadata__", DType.U8));
        refused("st-header", tensor("\ud800", DType.U8));
        refused("st-offsets", tensor("a", DType.F4, 3));
        refused("st-offsets", tensor("a", DType.F32, Long.MAX_VALUE, 4));
    }

    private static void refused(String code, TensorSpec... tensors) {
        assertThatThrownBy(() -> SafetensorsLayout.of(List.of(tensors), Map.of()))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(code);
    }
}
