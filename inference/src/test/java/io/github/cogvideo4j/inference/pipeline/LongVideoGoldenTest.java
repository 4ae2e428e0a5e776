package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import java.io.IOException;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs over windows against those of ComfyUI's CogVideoX wrapper.
class LongVideoGoldenTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "static_f33_c4_o2_fp32",
                "static_f33_c4_o2_bf16",
                "uniform_f33_c4_o2_fp32",
                "looped_f37_c4_o1_fp32"
            })
    void runIsTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open("long/" + name);
                PointerScope _ = new PointerScope();
                GoldenRun run = GoldenRun.of(golden)) {
            golden.assertEqual(
                    "timesteps",
                    torch.tensor(run.timesteps().stream()
                            .mapToLong(Double::longValue)
                            .toArray()));
            golden.assertEqual("initial_latents", run.first("initial_latents"));
            golden.assertClose("guided_prediction_step0", run.first("guided_prediction"), 0);
            golden.assertClose("step_latents", run.stepLatents(), 0);
        }
    }
}
