package io.github.cogvideo4j.cli.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class RunRecordTest {
    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        ObjectNode identity = JsonFile.newObject();
        identity.put("tensors_sha256", "ab");
        RunRecord record = new RunRecord(
                Map.of(
                        "model",
                        List.of("my model"),
                        "prompt",
                        List.of("--seed=7 \"quoted\"\n"),
                        "lora-path",
                        List.of("a", "b")),
                identity);
        Path file = Files.writeString(folder.resolve("video.mp4.json"), record.text(JsonFile.newObject()));
        assertThat(RunRecord.read(file)).isEqualTo(record);
    }

    /// A prompt may look like an option; it stays the prompt.
    @Test
    void everyWordNamesItsOption() {
        RunRecord record = new RunRecord(Map.of("prompt", List.of("--overwrite")), JsonFile.newObject());
        assertThat(record.words(Set.of())).containsExactly("--prompt=--overwrite");
        assertThat(record.words(Set.of("prompt"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"format\": 2}",
                "{\"format\": 1, \"options\": {}}",
                "{\"format\": 1, \"options\": {\"model\": \"m\"}}",
                "{\"format\": 1, \"options\": {\"model\": [1]}}",
                "{\"format\": 1, \"options\": {\"model\": [null]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"output-path\": [\"/etc/passwd\"]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"overwrite\": [\"true\"]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"repeat\": [\"self.json\"]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"save-latents\": [\"x\"]}}",
            })
    void whatIsNoRecordIsRefused(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("hostile.json"), text);
        assertThatExceptionOfType(MalformedFileException.class)
                .isThrownBy(() -> RunRecord.read(file))
                .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST));
    }

    /// Written, read again, and nothing changed in between.
    @Test
    void theSameModelIsRecognised() throws IOException {
        Path model = Resources.golden("pipelines/t2v-2b");
        RunRecord record = new RunRecord(Map.of("model", List.of(model.toString())), ModelIdentity.of(model));
        Path file = Files.writeString(folder.resolve("video.mp4.json"), record.text(JsonFile.newObject()));
        assertThat(RunRecord.read(file).differences(ModelIdentity.of(model))).isEmpty();
        Path other = Resources.golden("pipelines/t2v-5b");
        assertThat(RunRecord.read(file).differences(ModelIdentity.of(other))).isNotEmpty();
    }

    @Test
    void aModelThatChangedIsNoticed() throws IOException {
        Path model = Resources.golden("pipelines/t2v-2b");
        ObjectNode identity = ModelIdentity.of(model);
        RunRecord record = new RunRecord(Map.of("model", List.of(model.toString())), identity);
        assertThat(record.differences(ModelIdentity.of(model))).isEmpty();
        assertThat(record.differences(ModelIdentity.of(Resources.golden("pipelines/t2v-5b"))))
                .isNotEmpty();
    }
}
