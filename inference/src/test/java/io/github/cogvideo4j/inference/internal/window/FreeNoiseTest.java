package io.github.cogvideo4j.inference.internal.window;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/// Noise shuffled as ComfyUI's CogVideoX wrapper shuffles it.
class FreeNoiseTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> files() {
        return Golden.names("long", "freenoise_");
    }

    @ParameterizedTest
    @MethodSource("files")
    void noiseIsTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            JsonNode call = golden.meta();
            FreeNoise shuffling = new FreeNoise(
                    call.path("context_size_latents").intValue(),
                    call.path("context_overlap_latents").intValue());
            long[] shape = Stream.of("latent_shape")
                    .flatMap(field -> call.path(field).valueStream())
                    .mapToLong(JsonNode::longValue)
                    .toArray();
            for (String type : List.of("fp32", "bf16")) {
                try (RandomSource random =
                        RandomSource.of(call.path("generator_seed").longValue())) {
                    Tensor noise = random.normal(type.equals("fp32") ? ScalarType.Float : ScalarType.BFloat16, shape);
                    golden.assertEqual("noise_" + type, noise);
                    shuffling.shuffle(noise, call.path("num_frames").intValue(), random.generator(0));
                    golden.assertEqual("freenoise_" + type, noise);
                }
            }
        }
    }
}
