package io.github.cogvideo4j.formats.internal.index;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightIndexTest {
    @TempDir
    Path folder;

    private final Warnings warnings = new Warnings();

    private WeightIndex read(String json, Strictness strictness) throws IOException {
        Path file = folder.resolve("model.safetensors.index.json");
        Files.writeString(file, json.replace('\'', '"'));
        return WeightIndex.read(file, strictness, warnings);
    }

    @Test
    void everyReferenceIndexIsRewrittenByteForByte() throws IOException {
        List<Path> indexes;
        try (Stream<Path> files = Files.walk(Resources.fixture(""))) {
            indexes = files.filter(file -> file.toString().endsWith(".index.json"))
                    .filter(file -> file.toString().contains("reference"))
                    .toList();
        }
        assertThat(indexes).hasSizeGreaterThan(30);
        for (Path file : indexes) {
            byte[] rewritten =
                    WeightIndex.read(file, Strictness.STRICT, warnings).toJson();
            assertThat(rewritten).as("%s", file).isEqualTo(Files.readAllBytes(file));
        }
        assertThat(warnings.all()).isEmpty();
    }

    /// Expected: Python's `json.dumps(index, indent=2, sort_keys=True) + "\n"`.
    @Test
    void namesAreEscapedAndSortedAsPythonDoes() {
        Map<String, String> weightMap = Stream.of(
                        "\ud83d\ude00",
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
                        "z")
                .collect(Collectors.toMap(name -> name, name -> "aé.safetensors"));
        String names = new String(new WeightIndex(OptionalLong.of(3), weightMap).toJson(), US_ASCII);
        assertThat(names).isEqualTo("""
                        {
                          "metadata": {
                            "total_size": 3
                          },
                          "weight_map": {
                            "\\u0000\\u0001\\u001f": "a\\u00e9.safetensors",
                            "\\b\\f\\n\\r\\t": "a\\u00e9.safetensors",
                            "\\"q\\"": "a\\u00e9.safetensors",
                            "b\\\\s": "a\\u00e9.safetensors",
                            "s/l": "a\\u00e9.safetensors",
                            "z": "a\\u00e9.safetensors",
                            "\\u007f": "a\\u00e9.safetensors",
                            "\\u00e9": "a\\u00e9.safetensors",
                            "\\u2028": "a\\u00e9.safetensors",
                            "\\ue000": "a\\u00e9.safetensors",
                            "\\uffff": "a\\u00e9.safetensors",
                            "\\ud83d\\ude00": "a\\u00e9.safetensors"
                          }
                        }
                        """);
    }

    @Test
    void anEmptyIndexIsWrittenAsPythonDoes() {
        assertThat(new String(new WeightIndex(OptionalLong.empty(), Map.of()).toJson(), US_ASCII))
                .isEqualTo("{\n  \"metadata\": {},\n  \"weight_map\": {}\n}\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "null", "[1]", "{'other':{'a':[1]}}"})
    void metadataWithoutATotalSizeIsNoFault(String metadata) throws IOException {
        WeightIndex index = read("{'metadata':" + metadata + ",'weight_map':{'a':'f.bin'}}", Strictness.STRICT);
        assertThat(index).isEqualTo(new WeightIndex(OptionalLong.empty(), Map.of("a", "f.bin")));
        assertThat(warnings.all()).isEmpty();
    }

    @Test
    void aWholeTotalSizeInFloatingPointIsTakenWithAWarning() throws IOException {
        assertThat(read("{'metadata':{'total_size':40.0},'weight_map':{}}", Strictness.LENIENT)
                        .totalSize())
                .hasValue(40);
        assertThat(warnings.all()).extracting(Problem::code).containsExactly(ProblemCode.INDEX_TOTAL_SIZE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"'40'", "-1", "1.5", "1e999999999", "1e-999999999", "99999999999999999999", "null", "{}", "[]"})
    void anotherTotalSizeIsAWarning(String size) throws IOException {
        WeightIndex index = read("{'metadata':{'total_size':" + size + "},'weight_map':{}}", Strictness.LENIENT);
        assertThat(index.totalSize()).isEmpty();
        assertThat(warnings.all()).extracting(Problem::code).containsExactly(ProblemCode.INDEX_TOTAL_SIZE);
    }

    @Test
    void theLastOfDuplicateKeysCountsUnlessStrict() throws IOException {
        String json = "{'weight_map':{'a':'1.bin','a':'2.bin'}}";
        assertThat(read(json, Strictness.LENIENT).weightMap()).isEqualTo(Map.of("a", "2.bin"));
        assertThat(warnings.all()).extracting(Problem::code).containsExactly(ProblemCode.INDEX_JSON);
        assertThatThrownBy(() -> read(json, Strictness.STRICT)).isInstanceOf(FormatException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "",
                "{'weight_map':{}} x",
                "{'weight_map':[]}",
                "{'weight_map':{'a':null}}",
                "{'weight_map':{'a':{}}}",
                "{'weight_map':{},'weight_map':{}}",
                "{'weight_map':{'\\ud800':'a.bin'}}",
                "\ufeff{'weight_map':{}}"
            })
    void whatIsNoIndexIsRefused(String json) {
        assertThatThrownBy(() -> read(json, Strictness.LENIENT))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith("index-json: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".",
                "..",
                "/etc/passwd",
                "../x",
                "a/b",
                "a\\\\b",
                "C:x",
                "C:\\\\x",
                "a\\u0000b",
                "a\\nb"
            })
    void aNameThatLeavesTheFolderIsRefused(String name) {
        assertThatThrownBy(() -> read("{'weight_map':{'a':'" + name + "'}}", Strictness.LENIENT))
                .isInstanceOf(UnsafeFileException.class)
                .hasMessageStartingWith("unsafe-path: ");
    }
}
