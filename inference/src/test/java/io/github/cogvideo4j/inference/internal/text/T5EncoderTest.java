package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The text encoder's states, positions and buckets.
class T5EncoderTest {
    private static final double ANOTHER_SUMMATION = 2.5e-5; // golden/README.md

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> encodings() {
        return Golden.names("t5", "enc");
    }

    @ParameterizedTest
    @MethodSource("encodings")
    void theStatesAreTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                InferenceMode _ = Torch.inferenceMode();
                WeightStore store = WeightStore.open(folder(golden))) {
            T5Encoder encoder = new T5Encoder(store.in(golden.precision(), ComputeDevice.CPU), config(golden));
            Optional<Tensor> mask =
                    golden.hasInput("attention_mask") ? Optional.of(golden.in("attention_mask")) : Optional.empty();
            golden.assertClose("last_hidden_state", encoder.forward(golden.in("input_ids"), mask), ANOTHER_SUMMATION);
        }
    }

    @Test
    void thePositionBiasIsTheReferences() throws IOException {
        try (Golden golden = Golden.open("t5/position_bias_40");
                PointerScope _ = new PointerScope();
                WeightStore store = WeightStore.open(folder(golden))) {
            Weights attention = store.in(Precision.FP32, ComputeDevice.CPU)
                    .at("encoder")
                    .at("block", 0)
                    .at("layer", 0)
                    .at("SelfAttention");
            golden.assertEqual("position_bias", new RelativePositions(attention, config(golden)).bias(40));
        }
    }

    @Test
    void everyDistanceHasTheReferencesBucket() throws IOException {
        try (Golden golden = Golden.open("t5/relative_buckets_226");
                PointerScope _ = new PointerScope()) {
            long[] buckets = new long[451];
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = RelativePositions.bucket(i - 225, 32, 128);
            }
            golden.assertEqual("bucket_by_distance", torch.tensor(buckets).to(ScalarType.Int));
        }
    }

    private static Path folder(Golden golden) {
        return Resources.golden("pipelines/" + golden.meta().path("pipeline").stringValue() + "/text_encoder");
    }

    private static T5Config config(Golden golden) throws IOException {
        return T5Config.read(folder(golden).resolve("config.json"));
    }
}
