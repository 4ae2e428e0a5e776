package io.github.cogvideo4j.inference.internal.runtime;

import io.github.cogvideo4j.inference.Golden;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// libtorch's generator gives the reference's random numbers, bit for bit: seeds mean the same videos.
class RandomNumbersTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @Test
    void everySeedShapeAndTypeIsTheReferences() throws IOException {
        try (Golden golden = Golden.open("rng/randn");
                PointerScope _ = new PointerScope()) {
            List<String> single = golden.outputs().stream()
                    .filter(name -> !name.startsWith("seq."))
                    .toList();
            for (String name : single) {
                String[] parts = name.split("\\.", -1);
                long seed = Long.parseLong(parts[0].substring("seed".length()));
                long[] shape = Arrays.stream(parts[1].split("x", -1))
                        .mapToLong(Long::parseLong)
                        .toArray();
                golden.assertEqual(name, draw(torch.createCPUGenerator(seed), type(parts[2]), shape));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7, 42, 4294967303L})
    void successiveDrawsFromOneGeneratorAreTheReferences(long seed) throws IOException {
        long[][] shapes = {{5}, {17}, {16}, {3}, {1, 2, 3, 5}, {1}, {40}};
        try (Golden golden = Golden.open("rng/randn");
                PointerScope _ = new PointerScope()) {
            Generator generator = torch.createCPUGenerator(seed);
            for (int draw = 0; draw < shapes.length; draw++) {
                ScalarType type = draw == 2 || draw == 3 ? ScalarType.BFloat16 : ScalarType.Float;
                Tensor actual = draw(generator, type, shapes[draw]);
                golden.assertEqual("seq.seed" + seed + "." + draw, actual);
            }
        }
    }

    private static Tensor draw(Generator generator, ScalarType type, long... shape) {
        return torch.randn(shape, new GeneratorOptional(generator), new TensorOptions(type));
    }

    private static ScalarType type(String name) {
        return switch (name) {
            case "f64" -> ScalarType.Double;
            case "fp32" -> ScalarType.Float;
            case "bf16" -> ScalarType.BFloat16;
            case "fp16" -> ScalarType.Half;
            default -> throw new IllegalArgumentException(name);
        };
    }
}
