package io.github.cogvideo4j.inference.internal.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VaeConfigTest {
    @ParameterizedTest
    @CsvSource({
        "CogVideoX-2b, 1.15258426, false",
        "CogVideoX-5b, 0.7, false",
        "CogVideoX-5b-I2V, 0.7, false",
        "CogVideoX1.5-5B, 0.7, true",
        "CogVideoX1.5-5B-I2V, 0.7, true"
    })
    void theRealModelsAreRead(String model, double scalingFactor, boolean inverted) throws IOException {
        Path file = Resources.golden("real_configs/" + model + "/vae/config.json");

        VaeConfig config = VaeConfig.read(file);

        assertThat(config.scalingFactor()).isEqualTo(scalingFactor);
        assertThat(config.invertScaleLatents()).isEqualTo(inverted);
        assertThat(config.blockOutChannels()).containsExactly(128, 256, 256, 512);
        assertThat(config.spatialRatio()).isEqualTo(8);
        assertThat(config.usualTiles()).isEqualTo(new TileSize(240, 360, 1.0 / 6, 0.2));
        assertThat(config.document().fields()).contains("force_upcast", "latents_mean");
        assertThat(config.document().toJson()).isEqualTo(Files.readString(file));
    }

    @Test
    void anEmptyConfigurationIsThatOf2b() throws IOException {
        VaeConfig real = VaeConfig.read(Resources.golden("real_configs/CogVideoX-2b/vae/config.json"));

        VaeConfig empty = VaeConfig.of(ConfigDocument.empty());

        assertThat(empty).usingRecursiveComparison().ignoringFields("document").isEqualTo(real);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"_class_name\": \"AutoencoderKL\"}",
                "{\"act_fn\": \"gelu\"}",
                "{\"block_out_channels\": []}",
                "{\"block_out_channels\": [128, 130]}",
                "{\"block_out_channels\": [32, 32, 32, 32, 32, 32, 32, 32, 32]}",
                "{\"temporal_compression_ratio\": 3}",
                "{\"temporal_compression_ratio\": 16}",
                "{\"norm_eps\": 0}",
                "{\"scaling_factor\": 0}"
            })
    void whatCannotBeComputedIsNamed(String json, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), json);

        assertThatThrownBy(() -> VaeConfig.read(file)).isInstanceOfSatisfying(InvalidModelException.class, e -> {
            assertThat(e.problem().code()).isEqualTo(ProblemCode.CONFIG_INVALID);
            assertThat(e.problem().message().text()).contains(json.substring(2, json.indexOf('"', 2)));
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"block_out_channels\": [0]}",
                "{\"block_out_channels\": [1000000000]}",
                "{\"block_out_channels\": [\"128\"]}",
                "{\"layers_per_block\": 1000000}",
                "{\"latent_channels\": -1}",
                "{\"norm_num_groups\": 0}",
                "{\"sample_height\": 2.5}",
                "{\"use_quant_conv\": 1}"
            })
    void valuesOfTheWrongTypeOrRangeAreRefused(String json, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), json);

        assertThatThrownBy(() -> VaeConfig.read(file))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.CONFIG_INVALID));
    }

    @Test
    void theFirstChunkTakesTheRemainder() {
        assertThat(ChunkedCoding.Chunk.of(13, 2))
                .isEqualTo(List.of(
                        new ChunkedCoding.Chunk(0, 3),
                        new ChunkedCoding.Chunk(3, 2),
                        new ChunkedCoding.Chunk(5, 2),
                        new ChunkedCoding.Chunk(7, 2),
                        new ChunkedCoding.Chunk(9, 2),
                        new ChunkedCoding.Chunk(11, 2)));
        assertThat(ChunkedCoding.Chunk.of(17, 8))
                .isEqualTo(List.of(new ChunkedCoding.Chunk(0, 9), new ChunkedCoding.Chunk(9, 8)));
        assertThat(ChunkedCoding.Chunk.of(13, 8)).isEqualTo(List.of(new ChunkedCoding.Chunk(0, 13)));
        assertThat(ChunkedCoding.Chunk.of(1, 2)).isEqualTo(List.of(new ChunkedCoding.Chunk(0, 1)));
    }
}
