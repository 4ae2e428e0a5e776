package io.github.cogvideo4j.checkpoints.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigDerivationTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"CogVideoX-2b", "CogVideoX-5b", "CogVideoX-5b-I2V", "CogVideoX1.5-5B", "CogVideoX1.5-5B-I2V"})
    void findsThePublishedConfigurations(String model) throws IOException {
        TransformerConfig real =
                TransformerConfig.read(Resources.golden("real_configs/" + model + "/transformer/config.json"));

        ConfigDerivation.Result result =
                ConfigDerivation.derive(TransformerStateDict.of(real).toList(), Place.nowhere());

        Set<String> fields = new TreeSet<>(real.document().fields());
        fields.remove("_diffusers_version");
        assertThat(result.config().document().fields()).containsExactlyInAnyOrderElementsOf(fields);
        for (String field : fields) {
            assertThat(result.config().document().rawValue(field))
                    .as(field)
                    .isEqualTo(real.document().rawValue(field));
        }
        assertThat(names(result.derived()))
                .contains("num_layers", "num_attention_heads", "attention_head_dim", "in_channels", "out_channels")
                .contains("time_embed_dim", "text_embed_dim", "attention_bias");
        assertThat(names(result.assumed())).contains("sample_height", "norm_eps");
    }

    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "i2v-5b"})
    void fitsTheWeightsItComesFrom(String pipeline) {
        List<NamedShape> tensors = TinySafetensors.shapesIn(Resources.golden("pipelines/" + pipeline + "/transformer"));

        ConfigDerivation.Result result = ConfigDerivation.derive(tensors, Place.nowhere());

        assertThat(ConfigCheck.compare(result.config(), tensors, name -> false, Place.nowhere())
                        .errors())
                .isEmpty();
    }

    @Test
    void saysThatUnknownSizesDoNotTellHowPositionsWork() {
        List<NamedShape> tensors = TinySafetensors.shapesIn(Resources.golden("pipelines/t2v-2b/transformer"));

        assertThat(names(ConfigDerivation.derive(tensors, Place.nowhere()).assumed()))
                .contains("use_rotary_positional_embeddings");
    }

    @Test
    void nothingCanBeDerivedFromOtherWeights() {
        assertThatExceptionOfType(InvalidCheckpointException.class)
                .isThrownBy(() ->
                        ConfigDerivation.derive(List.of(new NamedShape("w", Shape.of(2, 3))), Place.nowhere()));
        assertThat(ConfigDerivation.looksLikeTransformer(List.of("w", "t0"))).isFalse();
    }

    @Test
    void recognisesATransformerThatLacksATensor() throws IOException {
        List<String> names =
                TinySafetensors.shapesIn(Resources.fixture("broken/missing-tensor/input/transformer")).stream()
                        .map(NamedShape::name)
                        .toList();

        assertThat(ConfigDerivation.looksLikeTransformer(names)).isTrue();
    }

    /// Whatever sizes the telling tensors have, the answer is a configuration or our exception.
    @Property(tries = 500)
    void hostileShapesAreRefusedInOrder(Generator generator) {
        Shape shape = new Shape(generator.list(0, 5, () -> generator.longInteger(0, Integer.MAX_VALUE)));
        String victim = generator.of(
                "transformer_blocks.0.attn1.norm_q.weight",
                "time_embedding.linear_1.weight",
                "patch_embed.text_proj.weight",
                "patch_embed.proj.weight",
                "proj_out.weight",
                "patch_embed.pos_embedding",
                "ofs_embedding.linear_1.weight",
                "transformer_blocks.9999.attn1.norm_q.weight");
        List<NamedShape> tensors = TinySafetensors.shapesIn(Resources.golden("pipelines/i2v-5b/transformer")).stream()
                .filter(tensor -> !tensor.name().equals(victim))
                .collect(Collectors.toCollection(java.util.ArrayList::new));
        tensors.add(new NamedShape(victim, shape));

        try {
            assertThat(ConfigDerivation.derive(tensors, Place.nowhere())
                            .config()
                            .numLayers())
                    .isPositive();
        } catch (InvalidCheckpointException refused) {
            assertThat(refused.problem().message().text()).doesNotContain("checkpoints.");
        }
    }

    private static List<String> names(List<ConfigDerivation.Value> values) {
        return values.stream().map(ConfigDerivation.Value::field).toList();
    }
}
