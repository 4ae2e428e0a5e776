package io.github.cogvideo4j.formats.internal.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each header stands for a row of what the reference reader (safetensors 0.8.0) was tried on.
class HeaderRulesTest {
    private static final String A = "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}";

    @TempDir
    Path folder;

    private SafetensorsFile open(String header, int dataLength, Strictness strictness, Warnings warnings)
            throws IOException {
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + dataLength).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        Path path = folder.resolve("model.safetensors");
        Files.write(path, file.array());
        return SafetensorsFile.open(path, strictness, warnings);
    }

    private static String padded(String header) {
        return header + " ".repeat(Math.floorMod(-header.length(), 8));
    }

    private void isRefused(String header, String code) {
        assertThatThrownBy(() -> open(padded(header), 8, Strictness.LENIENT, new Warnings()))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(code + ": ");
    }

    private void isOdd(String header, String code) throws IOException {
        Warnings warnings = new Warnings();
        assertThat(open(header, 8, Strictness.LENIENT, warnings).tensors()).hasSize(1);
        assertThat(warnings.all())
                .singleElement()
                .extracting(problem -> problem.code().id())
                .isEqualTo(code);
        assertThatThrownBy(() -> open(header, 8, Strictness.STRICT, new Warnings()))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(code + ": ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"[2.0]", "[2e0]", "[-0]", "[02]", "[+2]", "null", "{}", "[[2]]", "['2']", "[2", "[2,]", "[true]"
            })
    void aShapeOfAnythingButWholeNumbersIsRefused(String shape) {
        isRefused(A.replace("[2]", shape), "st-header");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[0]", "[0,8,8]", "[]", "'x'", "[0,'8']", "[0,8.0]", "[0,null]"})
    void offsetsOtherThanTwoWholeNumbersAreRefused(String offsets) {
        isRefused(A.replace("[0,8]", offsets), "st-header");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[-2]                     | st-offsets",
                "[18446744073709551616]   | st-offsets",
                "[9223372036854775807,4,0]| st-offsets",
                "[3]                      | st-offsets",
            })
    void aShapeThatCannotBeIsRefused(String shape, String code) {
        isRefused(A.replace("[2]", shape), code);
    }

    @ParameterizedTest
    @ValueSource(strings = {"'f32'", "'C128'", "''", "'F33'"})
    void anUnknownDtypeIsRefused(String dtype) {
        isRefused(A.replace("'F32'", dtype), "st-dtype");
    }

    @ParameterizedTest
    @ValueSource(strings = {"'dtype':'F32',", "'shape':[2],", ",'data_offsets':[0,8]"})
    void aMissingFieldIsRefused(String field) {
        isRefused(A.replace(field, ""), "st-header");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "null",
                "",
                "{} {}",
                "{'a':null}",
                "{'a':['F32',[2],[0,8]]}",
                "{'__metadata__':{'x':1}}",
                "{'__metadata__':[]}",
                "{'__metadata__':{},'__metadata__':{}}",
                "{'\\ud800':{}}",
                "{'\\ud800x':{}}",
                "{'__metadata__':{'x':'\\udc00'}}",
                "/* */{}",
                "\ufeff{}",
                "{}\0",
                "{a:{}}",
                "{'a\tb':{}}",
                "{'a\\q':{}}"
            })
    void whatIsNoHeaderIsRefused(String header) {
        isRefused(header, "st-header");
    }

    @Test
    void aDuplicateFieldIsRefused() {
        isRefused(A.replace("'dtype'", "'dtype':'F32','dtype'"), "st-header");
    }

    @Test
    void aTensorDescribedTwiceInDifferentWaysIsRefused() {
        isRefused(
                "{" + A.substring(1, A.length() - 1) + "," + A.substring(1).replace("F32", "I32"), "st-duplicate-key");
    }

    @Test
    void whatTheReferenceLetsPassIsAWarningOrIsRefusedWhenStrict() throws IOException {
        String inner = A.substring(1, A.length() - 1);
        isOdd(A, "st-header");
        isOdd(padded(" " + A), "st-header");
        isOdd(padded(A) + "\n       ", "st-header");
        isOdd(padded("{" + inner + "," + inner + "}"), "st-duplicate-key");
        isOdd(padded("{'__metadata__':{'x':'y','x':'z'}," + inner + "}"), "st-duplicate-key");
        isOdd(padded("{'__metadata__':null," + inner + "}"), "st-header");
        isOdd(padded("{" + inner + ",'__metadata__':{'x':'y'}}"), "st-header");
        isOdd(padded(A.replace("'shape'", "'extra':{'q':[1,{'z':null}]},'shape'")), "st-header");
    }

    @Test
    void escapedNamesAreRead() throws IOException {
        SafetensorsFile file =
                open(padded(A.replace("'a'", "'\\u0061\\ud83d\\ude00'")), 8, Strictness.STRICT, new Warnings());
        assertThat(file.byName()).containsOnlyKeys("a\ud83d\ude00");
    }

    @Test
    void emptyTensorsMayLieAnywhereBetweenOthers() throws IOException {
        String header = "{'e':{'dtype':'F32','shape':[0,9223372036854775807,4],'data_offsets':[8,8]}," + A.substring(1);
        SafetensorsFile file = open(padded(header), 8, Strictness.STRICT, new Warnings());
        assertThat(file.tensors()).extracting(tensor -> tensor.name()).isEqualTo(List.of("a", "e"));
    }

    @Test
    void packedTypesFillWholeBytes() throws IOException {
        String header = A.replace("F32", "F4").replace("[2]", "[16]");
        assertThat(open(padded(header), 8, Strictness.STRICT, new Warnings()).tensors())
                .hasSize(1);
        isRefused(A.replace("F32", "F4").replace("[2]", "[15]"), "st-offsets");
    }

    @Test
    void aHeaderThatDescribesMoreThanMemoryHoldsIsRefused() {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 300_000; i++) {
            header.append('\'').append(i).append("':{'dtype':'U8','shape':[0],'data_offsets':[0,0]},");
        }
        isRefused(header.append(A.substring(1)).toString(), "st-header");
    }
}
