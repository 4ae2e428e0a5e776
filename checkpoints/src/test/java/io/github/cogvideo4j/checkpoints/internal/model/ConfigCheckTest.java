package io.github.cogvideo4j.checkpoints.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigCheckTest {
    @ParameterizedTest
    @CsvSource({
        "extra-tensor,     extra-tensor,   transformer_blocks.9.bogus",
        "missing-tensor,   missing-tensor, norm_final.weight",
        "shape-transposed, shape-mismatch, patch_embed.text_proj.weight",
        "peft-unmerged,    lora-unmerged,  base_layer"
    })
    void namesWhatDoesNotFitInAWeightsFile(String fixture, String code, String mention) throws IOException {
        Path folder = Resources.fixture("broken/" + fixture);

        List<Problem> errors = compare(
                        folder.resolve("base/transformer/config.json"),
                        TinySafetensors.shapesIn(folder.resolve("input/transformer")))
                .errors();

        assertThat(errors).hasSize(1);
        assertThat(errors.getFirst().code().id()).isEqualTo(code);
        assertThat(errors.getFirst().message().text()).contains(mention);
    }

    @Test
    void saysThatATransposedTensorIsTransposed() throws IOException {
        String name = "patch_embed.text_proj.weight";
        List<NamedShape> tensors = weights("CogVideoX-2b").stream()
                .map(tensor -> tensor.name().equals(name)
                        ? new NamedShape(name, new Shape(tensor.shape().sizes().reversed()))
                        : tensor)
                .toList();

        assertThat(compare(config("CogVideoX-2b"), tensors).errors())
                .singleElement()
                .satisfies(error -> assertThat(error.message().text()).contains("transposed", name));
    }

    /// The checkpoints of these cases are those of other fixtures with another configuration beside them.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "config-fewer-layers|2|extra-tensor  |transformer_blocks.1|num_layers 1|num_layers 2",
                "config-more-layers |2|missing-tensor|transformer_blocks.2|num_layers 3|num_layers 2"
            })
    void explainsLayers(String fixture, int layers, String code, String mention, String configured, String actual)
            throws IOException {
        Path file = Resources.fixture("broken/" + fixture + "/base/transformer/config.json");
        TransformerConfig trained =
                TransformerConfig.of(ConfigDocument.read(file).with("num_layers", layers));

        List<Problem> errors =
                compare(file, TransformerStateDict.of(trained).toList()).errors();

        assertThat(errors).hasSize(1);
        assertThat(errors.getFirst().code().id()).isEqualTo(code);
        assertThat(errors.getFirst().message().text()).contains(mention, configured, actual);
        assertThat(errors.getFirst().message().text(Locale.CHINESE)).contains(mention, configured, actual);
    }

    @Test
    void explainsSizesByTheFieldThatSetsThem() throws IOException {
        Path file = Resources.fixture("broken/config-shape-mismatch/base/transformer/config.json");
        TransformerConfig trained =
                TransformerConfig.of(ConfigDocument.read(file).with("text_embed_dim", 16));

        Problem error = compare(file, TransformerStateDict.of(trained).toList())
                .errors()
                .getFirst();

        assertThat(error.code()).isEqualTo(ProblemCode.SHAPE_MISMATCH);
        assertThat(error.message().text())
                .contains(
                        "patch_embed.text_proj.weight",
                        "text_embed_dim 32",
                        "text_embed_dim 16",
                        "[16, 32]",
                        "[16, 16]");
    }

    @ParameterizedTest
    @CsvSource({
        "CogVideoX-5b,        CogVideoX-5b-I2V,    choose the image-to-video base",
        "CogVideoX-5b-I2V,    CogVideoX-5b,        choose the text-to-video base",
        "CogVideoX1.5-5B,     CogVideoX1.5-5B-I2V, choose the image-to-video base",
        "CogVideoX1.5-5B-I2V, CogVideoX1.5-5B,     choose the text-to-video base"
    })
    void namesTheOtherTask(String base, String trained, String advice) throws IOException {
        assertThat(compare(config(base), weights(trained)).errors())
                .filteredOn(error -> error.code() == ProblemCode.SHAPE_MISMATCH)
                .singleElement()
                .satisfies(error ->
                        assertThat(error.message().text()).contains(advice, "in_channels 16", "in_channels 32"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"CogVideoX-2b", "CogVideoX-5b", "CogVideoX-5b-I2V", "CogVideoX1.5-5B", "CogVideoX1.5-5B-I2V"})
    void findsNothingInWeightsThatFit(String model) throws IOException {
        assertThat(compare(config(model), weights(model)).fits()).isTrue();
    }

    @Test
    void anUnknownBufferIsOnlyAWarning() throws IOException {
        List<NamedShape> tensors = new ArrayList<>(weights("CogVideoX-2b"));
        tensors.add(new NamedShape("extra_scale", Shape.of(5)));

        ConfigCheck.Result result = ConfigCheck.compare(
                TransformerConfig.read(config("CogVideoX-2b")),
                tensors,
                Set.of("extra_scale")::contains,
                Place.nowhere());

        assertThat(result.fits()).isTrue();
        assertThat(result.warnings()).singleElement().satisfies(warning -> {
            assertThat(warning.code()).isEqualTo(ProblemCode.EXTRA_TENSOR);
            assertThat(warning.message().text()).contains("extra_scale");
        });
    }

    private static Path config(String model) {
        return Resources.golden("real_configs/" + model + "/transformer/config.json");
    }

    private static List<NamedShape> weights(String model) throws IOException {
        return TransformerStateDict.of(TransformerConfig.read(config(model))).toList();
    }

    private static ConfigCheck.Result compare(Path config, List<NamedShape> tensors) throws IOException {
        return ConfigCheck.compare(TransformerConfig.read(config), tensors, name -> false, Place.nowhere());
    }
}
