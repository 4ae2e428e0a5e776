package io.github.cogvideo4j.checkpoints.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class TransformerStateDictTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "i2v-5b"})
    void equalsTheReferencePipelines(String name) throws IOException {
        Path transformer = Resources.golden("pipelines/" + name + "/transformer");

        Map<String, Shape> shapes = expected(transformer.resolve("config.json"));

        Map<String, Shape> stored = new LinkedHashMap<>();
        TinySafetensors.shapesIn(transformer).forEach(tensor -> stored.put(tensor.name(), tensor.shape()));
        assertThat(shapes).containsExactlyInAnyOrderEntriesOf(stored);
    }

    static Stream<String> trained() {
        return cogVideoX()
                .filter(name -> Files.exists(Resources.fixture(name).resolve("base/transformer/config.json")))
                .filter(name -> Files.exists(Resources.fixture(name).resolve("live.json")))
                .filter(name ->
                        readJson(Resources.fixture(name).resolve("live.json")).has("buffers"));
    }

    /// The trainings of whole CogVideoX transformers.
    private static Stream<String> cogVideoX() {
        return Resources.cases("").stream()
                .filter(name -> !Resources.kind(name).equals("any"))
                .filter(name -> !name.contains("lora"));
    }

    private static JsonNode readJson(Path file) {
        return JSON.readTree(file.toFile());
    }

    @ParameterizedTest
    @MethodSource("trained")
    void listsTheTrainersTensorsInTheirOrder(String name) throws IOException {
        Path fixture = Resources.fixture(name);
        JsonNode live = readJson(fixture.resolve("live.json"));
        Map<String, Shape> parameters = new LinkedHashMap<>();
        live.get("params")
                .forEach(item -> parameters.put(item.get("name").asString(), TinySafetensors.shape(item.get("shape"))));
        Map<String, Shape> buffers = new LinkedHashMap<>();
        live.get("buffers").forEach(item -> {
            if (item.get("persistent").asBoolean()
                    && !item.get("name").asString().contains("extra_")) {
                buffers.put(item.get("name").asString(), TinySafetensors.shape(item.get("shape")));
            }
        });

        Map<String, Shape> shapes = new LinkedHashMap<>(expected(fixture.resolve("base/transformer/config.json")));

        buffers.forEach((buffer, shape) -> assertThat(shapes.remove(buffer)).isEqualTo(shape));
        assertThat(new ArrayList<>(shapes.entrySet())).isEqualTo(new ArrayList<>(parameters.entrySet()));
    }

    static Stream<Path> references() throws IOException {
        List<Path> files = new ArrayList<>();
        for (String name : cogVideoX().toList()) {
            Path fixture = Resources.fixture(name);
            if (Files.exists(fixture.resolve("base/transformer/config.json"))
                    && Files.exists(fixture.resolve("reference"))) {
                try (Stream<Path> children = Files.list(fixture.resolve("reference"))) {
                    children.filter(file -> file.getFileName().toString().matches("tensors.*\\.json"))
                            .filter(file -> !file.toString().contains("exclude-frozen"))
                            .forEach(files::add);
                }
            }
        }
        return files.stream();
    }

    @ParameterizedTest
    @MethodSource("references")
    void equalsWhatTheReferenceConverterMade(Path file) throws IOException {
        Map<String, Shape> converted = new LinkedHashMap<>();
        for (var entry : readJson(file).properties()) {
            if (!entry.getKey().contains("extra_")) {
                converted.put(
                        entry.getKey(), TinySafetensors.shape(entry.getValue().get("shape")));
            }
        }

        assertThat(expected(file.getParent().resolveSibling("base/transformer/config.json")))
                .containsExactlyInAnyOrderEntriesOf(converted);
    }

    @ParameterizedTest
    @CsvSource({
        "CogVideoX-2b,       1.69e9",
        "CogVideoX-5b,       5.57e9",
        "CogVideoX-5b-I2V,   5.57e9",
        "CogVideoX1.5-5B,    5.57e9",
        "CogVideoX1.5-5B-I2V,5.57e9"
    })
    void hasThePublishedNumberOfParameters(String model, double published) throws IOException {
        TransformerConfig config =
                TransformerConfig.read(Resources.golden("real_configs/" + model + "/transformer/config.json"));

        assertThat((double) TransformerStateDict.of(config).parameterCount())
                .isCloseTo(published, within(0.005 * published));
    }

    private static Map<String, Shape> expected(Path config) throws IOException {
        return TransformerStateDict.of(TransformerConfig.read(config)).shapes();
    }
}
