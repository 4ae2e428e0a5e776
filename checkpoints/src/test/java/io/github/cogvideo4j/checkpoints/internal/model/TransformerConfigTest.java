package io.github.cogvideo4j.checkpoints.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransformerConfigTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pipelines/t2v-2b",
                "pipelines/i2v-5b",
                "real_configs/CogVideoX-2b",
                "real_configs/CogVideoX1.5-5B-I2V"
            })
    void isWrittenBackAsDiffusersWroteIt(String model) throws IOException {
        Path file = Resources.golden(model + "/transformer/config.json");

        assertThat(TransformerConfig.read(file).toJson()).isEqualTo(Files.readString(file));
    }

    @Test
    void keepsUnknownKeysAndSortsLikePython() throws IOException {
        // The expectation is json.dumps(..., indent=2, sort_keys=True) + "\n" of Python 3.
        assertThat(parse("{\"zeta\": [1, {\"b\": null, \"a\": 1e-07}], \"é\": \"ü\\u2028\\u007f\", \"empty\":"
                                + " {}, \"none\": [], \"big\": 1e22, \"whole\": 3.0, \"dropout\": 0.0001}")
                        .toJson())
                .isEqualTo("""
                    {
                      "big": 1e+22,
                      "dropout": 0.0001,
                      "empty": {},
                      "none": [],
                      "whole": 3.0,
                      "zeta": [
                        1,
                        {
                          "a": 1e-07,
                          "b": null
                        }
                      ],
                      "\\u00e9": "\\u00fc\\u2028\\u007f"
                    }
                    """);
    }

    @Test
    void absentKeysHaveTheDefaultsOfDiffusers() throws IOException {
        TransformerConfig config = parse("{}");

        assertThat(config.numAttentionHeads()).isEqualTo(30);
        assertThat(config.attentionHeadDim()).isEqualTo(64);
        assertThat(config.numLayers()).isEqualTo(30);
        assertThat(config.patchSizeT()).isEmpty();
        assertThat(config.ofsEmbedDim()).isEmpty();
        assertThat(config.useRotaryPositionalEmbeddings()).isFalse();
        assertThat(config.patchBias()).isTrue();
        assertThat(config.positionTableLength()).isEqualTo(17_776);
        assertThat(config.toJson()).isEqualTo("{}\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "num_layers|0",
                "num_layers|-1",
                "num_layers|1000000000",
                "num_layers|99999999999999999999999",
                "num_layers|3.0",
                "num_layers|'\"3\"'",
                "num_layers|null",
                "num_layers|true",
                "in_channels|[16]",
                "attention_head_dim|4097",
                "patch_size|0",
                "patch_size_t|0",
                "patch_size_t|'\"2\"'",
                "ofs_embed_dim|-512",
                "out_channels|null",
                "sample_width|0",
                "temporal_compression_ratio|0",
                "norm_eps|'\"1e-5\"'",
                "norm_eps|1e999",
                "attention_bias|1",
                "activation_fn|null",
                "use_rotary_positional_embeddings|'\"false\"'"
            })
    void refusesHostileValuesByFieldAndValue(String field, String value) {
        assertThatExceptionOfType(InvalidCheckpointException.class)
                .isThrownBy(() -> parse("{\"%s\": %s}".formatted(field, value)))
                .satisfies(e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.CONFIG_INVALID);
                    assertThat(e.problem().message().arguments())
                            .extracting(Object::toString)
                            .contains(field);
                    assertThat(e.problem().message().text()).contains(field);
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "3",
                "{",
                "{} {}",
                "{\"num_layers\": NaN}",
                "{\"_class_name\": \"AutoencoderKLCogVideoX\"}",
                "{\"use_learned_positional_embeddings\": true}",
                "{\"num_attention_heads\": 4096, \"attention_head_dim\": 4096}"
            })
    void refusesWhatIsNoConfiguration(String json) {
        assertThatThrownBy(() -> parse(json)).hasMessageStartingWith("config-invalid: ");
    }

    @Test
    void refusesNestingWithoutEnd() {
        assertThatThrownBy(() -> parse("{\"a\":" + "[".repeat(100_000))).hasMessageStartingWith("config-invalid: ");
    }

    @Test
    void anAbsentFileIsConfigMissing() {
        Path absent = Resources.golden("real_configs").resolve("config.json");

        assertThatExceptionOfType(InvalidCheckpointException.class)
                .isThrownBy(() -> TransformerConfig.read(absent))
                .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.CONFIG_MISSING));
    }

    private TransformerConfig parse(String json) throws IOException {
        return TransformerConfig.read(Files.writeString(folder.resolve("config.json"), json));
    }
}
