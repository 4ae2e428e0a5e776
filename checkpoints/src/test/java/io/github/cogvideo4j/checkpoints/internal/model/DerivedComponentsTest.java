package io.github.cogvideo4j.checkpoints.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Configurations of autoencoders and text encoders, derived from weights that diffusers and transformers
/// wrote.
class DerivedComponentsTest {
    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "t2v-5b", "i2v-5b", "t2v-1.5", "i2v-1.5"})
    void whatAnAutoencodersSizesProveIsWhatItsConfigurationSays(String pipeline) throws IOException {
        Path folder = Resources.golden("pipelines/" + pipeline + "/vae");
        DerivedConfig derived = VaeDerivation.derive(TinySafetensors.shapesIn(folder), Place.of(folder));
        agrees(derived, ConfigDocument.read(folder.resolve("config.json")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "t2v-5b", "i2v-5b", "t2v-1.5", "i2v-1.5"})
    void whatATextEncodersSizesProveIsWhatItsConfigurationSays(String pipeline) throws IOException {
        Path folder = Resources.golden("pipelines/" + pipeline + "/text_encoder");
        DerivedConfig derived = TextEncoderDerivation.derive(TinySafetensors.shapesIn(folder), Place.of(folder));
        ConfigDocument config = ConfigDocument.read(folder.resolve("config.json"));
        agrees(derived, config);
        for (ConfigDerivation.Value value : derived.assumed()) {
            assertThat(config.rawValue(value.field())).as(value.field()).hasValue(value.value());
        }
    }

    @Test
    void theTensorsOfAnAutoencoderAreThoseThatDiffusersSaves() throws IOException {
        Path folder = Resources.golden("pipelines/i2v-1.5/vae");
        Map<String, Shape> saved = TinySafetensors.shapesIn(folder).stream()
                .collect(Collectors.toMap(NamedShape::name, NamedShape::shape));
        assertThat(VaeStateDict.shapes(3, 3, 16, List.of(4L, 8L, 8L, 16L), 3)).isEqualTo(saved);
    }

    @Test
    void anAutoencoderThatIsNotWholeIsRefused() throws IOException {
        Path folder = Resources.golden("pipelines/t2v-2b/vae");
        List<NamedShape> shapes = TinySafetensors.shapesIn(folder);
        ConfigDocument config = VaeDerivation.derive(shapes, Place.of(folder)).document();
        List<NamedShape> fewer = new ArrayList<>(shapes);
        fewer.removeIf(tensor -> tensor.name().equals("decoder.mid_block.resnets.1.conv2.conv.bias"));
        assertThatThrownBy(() -> VaeStateDict.check(config, fewer, Place.of(folder)))
                .hasMessageContaining("missing-tensor")
                .hasMessageContaining("decoder.mid_block.resnets.1.conv2.conv.bias");
        List<NamedShape> more = new ArrayList<>(shapes);
        more.add(new NamedShape("decoder.strange.weight", Shape.of(1)));
        assertThatThrownBy(() -> VaeStateDict.check(config, more, Place.of(folder)))
                .hasMessageContaining("extra-tensor");
        fewer.add(new NamedShape("decoder.mid_block.resnets.1.conv2.conv.bias", Shape.of(3)));
        assertThatThrownBy(() -> VaeStateDict.check(config, fewer, Place.of(folder)))
                .hasMessageContaining("shape-mismatch");
    }

    private static void agrees(DerivedConfig derived, ConfigDocument config) {
        for (ConfigDerivation.Value value : derived.derived()) {
            assertThat(config.rawValue(value.field())).as(value.field()).hasValue(value.value());
        }
    }
}
