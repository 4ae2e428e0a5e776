package io.github.cogvideo4j.checkpoints.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayoutTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "diffusion_pytorch_model.safetensors, diffusion_pytorch_model.safetensors",
        "model.safetensors, diffusion_pytorch_model.safetensors",
        "pytorch_model-00001-of-00002.bin, diffusion_pytorch_model-00001-of-00002.bin",
        "model.fp16-00001-of-00002.safetensors, diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
        "model-00001-of-00002.fp16.safetensors, diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
        "model.safetensors.index.json, diffusion_pytorch_model.safetensors.index.json",
        "model.safetensors.index.fp16.json, diffusion_pytorch_model.safetensors.index.fp16.json",
        "model.safetensors.fp16.index.json, diffusion_pytorch_model.safetensors.index.fp16.json"
    })
    void everySpellingOfAWeightFilesNameIsUnderstood(String name, String expected) {
        assertThat(WeightFileName.parse(name).map(file -> file.expected(Component.TRANSFORMER)))
                .hasValue(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "optimizer.pt", "model.safetensors.tmp", "README.md", ".bin", "index.json"})
    void otherFilesAreNoWeights(String name) {
        assertThat(WeightFileName.parse(name)).isEmpty();
    }

    @Test
    void aModelInTheHubsCacheIsFoundByItsName() throws IOException {
        Path model = folder.resolve("hub/models--THUDM--CogVideoX-2b");
        Path snapshot = Files.createDirectories(model.resolve("snapshots/abc123"));
        Files.createDirectories(model.resolve("refs"));
        Files.writeString(model.resolve("refs/main"), "abc123");
        assertThat(ModelFolder.locate("THUDM/CogVideoX-2b", Map.of("HF_HOME", folder.toString())))
                .isEqualTo(snapshot);
        assertThat(ModelFolder.locate(
                        "THUDM/CogVideoX-2b",
                        Map.of("HF_HUB_CACHE", folder.resolve("hub").toString())))
                .isEqualTo(snapshot);
        assertThatThrownBy(() -> ModelFolder.locate("THUDM/CogVideoX-5b", Map.of("HF_HOME", folder.toString())))
                .hasMessageContaining("nothing is downloaded")
                .hasMessageContaining("THUDM/CogVideoX-2b");
    }

    /// The hub forwards from the old name to the new one, so either may be what is cached.
    @ParameterizedTest
    @CsvSource({"THUDM, zai-org", "zai-org, THUDM", "THUDM, THUDM"})
    void anOrganisationThatWasRenamedIsFoundUnderEitherName(String cached, String asked) throws IOException {
        Path model = folder.resolve("hub/models--" + cached + "--CogVideoX-2b");
        Path snapshot = Files.createDirectories(model.resolve("snapshots/abc123"));
        Files.createDirectories(model.resolve("refs"));
        Files.writeString(model.resolve("refs/main"), "abc123");
        Map<String, String> environment = Map.of("HF_HOME", folder.toString());
        assertThat(ModelFolder.locate(asked + "/CogVideoX-2b", environment)).isEqualTo(snapshot);
        assertThatThrownBy(() -> ModelFolder.locate("Wan-AI/CogVideoX-2b", environment))
                .hasMessageContaining(cached + "/CogVideoX-2b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc", "a/b", "..", ""})
    @Attack(
            name = "hub-cache-revision",
            tries = "a revision in the hub's cache that reads `../../elsewhere`",
            fails = "a revision must be a plain name")
    void aRevisionThatLeavesTheCacheIsNotFollowed(String revision) throws IOException {
        Path model = folder.resolve("hub/models--A--B");
        Files.createDirectories(model.resolve("snapshots"));
        Files.createDirectories(model.resolve("refs"));
        Files.writeString(model.resolve("refs/main"), revision);
        assertThat(new HubCache(folder.resolve("hub")).snapshot("A/B")).isEmpty();
    }

    @Test
    void thePublishedPipelinesAreReadAsTheyAre() throws IOException {
        ModelFolder model = ModelFolder.read(Resources.golden("pipelines/i2v-5b"));
        assertThat(model.pipelineClass()).hasValue("CogVideoXImageToVideoPipeline");
        assertThat(model.components().keySet())
                .containsExactlyInAnyOrder("scheduler", "text_encoder", "tokenizer", "transformer", "vae");
    }

    @Test
    @Attack(
            name = "pipeline-component",
            tries = "a `model_index.json` whose component is called `../other`",
            fails = "a component must be a plain name")
    void aComponentThatLeavesTheFolderIsRefused() throws IOException {
        Files.writeString(folder.resolve("model_index.json"), "{\"../x\": [\"diffusers\", \"Evil\"]}");
        assertThatThrownBy(() -> ModelFolder.read(folder))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("unsafe-path");
    }
}
