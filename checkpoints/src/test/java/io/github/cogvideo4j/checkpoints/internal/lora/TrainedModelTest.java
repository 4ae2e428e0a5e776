package io.github.cogvideo4j.checkpoints.internal.lora;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// An adapter that names another model than the one it is used with; names as adapters on the Hub have them.
class TrainedModelTest {
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // the model that the adapter names, the model that it is used with, what that is called
                "THUDM/CogVideoX-5b, cogvideox, -",
                "zai-org/CogVideoX-2b, cogvideox, -",
                "THUDM/CogVideoX-5b-I2V, cogvideox, CogVideoX (T2V)",
                "THUDM/CogVideoX1.5-5B, cogvideox, CogVideoX (T2V)",
                "THUDM/CogVideoX-5b, cogvideox-i2v, CogVideoX (I2V)",
                "THUDM/CogVideoX-5b-I2V, cogvideox-i2v, -",
                "THUDM/CogVideoX1.5-5B-I2V, cogvideox-i2v, CogVideoX (I2V)",
                "THUDM/CogVideoX1.5-5B, cogvideox1.5, -",
                "Wan-AI/Wan2.1-T2V-14B-Diffusers, wan, -",
                "Wan-AI/Wan2.2-TI2V-5B-Diffusers, wan, -",
                "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers, wan, Wan (T2V)",
                "Wan-AI/Wan2.1-T2V-14B-Diffusers, wan-i2v, Wan (I2V)",
                "Wan-AI/Wan2.2-I2V-A14B-Diffusers, wan-i2v, -",
                "my-wan-style, wan-i2v, -",
                "THUDM/CogVideoX-5b, wan, Wan",
                "black-forest-labs/FLUX.1-dev, any-qwenimage-ddp-bf16-w2, Qwen-Image",
                "Qwen/Qwen-Image, any-qwenimage-ddp-bf16-w2, -",
                "black-forest-labs/FLUX.1-dev, any-flux-dcp-bf16-w2, -",
                "hunyuanvideo-community/HunyuanVideo, any-hunyuan-zero3-bf16-w2, -",
                "genmo/mochi-1-preview, any-hunyuan-zero3-bf16-w2, HunyuanVideo",
                "Lightricks/LTX-Video, any-mochi-zero2-fp16-w2, Mochi",
                "Lightricks/LTX-Video, any-ltx-zero2-frozen-bf16-w2, -",
                "someone/taiwan-street, any-flux-dcp-bf16-w2, -",
                "/home/me/models/base, cogvideox-i2v, -"
            })
    void theModelIsCalledByItsKindWhereTheAdapterNamesAnother(String named, String model, String expected)
            throws IOException {
        assertThat(TrainedModel.other(named, shapes(model)).orElse(null)).isEqualTo(expected);
    }

    private static Map<String, Shape> shapes(String model) throws IOException {
        ConfigDocument large = ConfigDocument.empty().with("num_layers", 1);
        return switch (model) {
            case "cogvideox" -> shapes(large);
            case "cogvideox-i2v" -> shapes(large.with("in_channels", 32));
            case "cogvideox1.5" -> shapes(large.with("patch_size_t", 2));
            case "wan" -> of("any-wan21-zero2-bf16-w2");
            case "wan-i2v" -> {
                // Beside the noise go in as many channels of an image and a quarter of them of its mask.
                Map<String, Shape> wan = new LinkedHashMap<>(of("any-wan21-zero2-bf16-w2"));
                Shape patches = wan.get("patch_embedding.weight");
                wan.put("patch_embedding.weight", Shape.of(patches.size(0), 9 * patches.size(1) / 4, 1, 2, 2));
                yield wan;
            }
            default -> of(model);
        };
    }

    private static Map<String, Shape> shapes(ConfigDocument config) {
        return TransformerStateDict.of(TransformerConfig.of(config)).shapes();
    }

    private static Map<String, Shape> of(String fixture) throws IOException {
        return StoredTensor.shapes(
                Checkpoints.open(Resources.fixture(fixture + "/base/transformer"), SourceOptions.defaults())
                        .entries()
                        .stream()
                        .map(StateEntry::tensor)
                        .toList());
    }
}
