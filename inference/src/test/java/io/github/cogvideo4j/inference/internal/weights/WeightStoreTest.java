package io.github.cogvideo4j.inference.internal.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class WeightStoreTest {
    /// This model is stored in bf16.
    @Test
    void weightsOfAnotherDeviceTakeWhatTheirPrecisionTakes() throws IOException {
        ComputeDevice card = new ComputeDevice("cuda:0");
        try (WeightStore store = WeightStore.open(Resources.golden("pipelines/t2v-1.5/vae"))) {
            long stored = store.byteLength();
            assertThat(stored).isPositive();
            for (Precision precision : Precision.values()) {
                assertThat(store.in(precision, ComputeDevice.CPU).byteLength()).isEqualTo(stored);
            }
            assertThat(store.in(Precision.BF16, card).byteLength()).isEqualTo(stored);
            assertThat(store.in(Precision.FP32, card).byteLength()).isEqualTo(2 * stored);
        }
    }
}
