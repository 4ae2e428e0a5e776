package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.Golden;
import java.io.IOException;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole runs with the stock samplers are the reference's.
class SamplerGoldenTest {
    static List<String> runs() {
        return Golden.names("samplers", "e2e_");
    }

    @ParameterizedTest
    @MethodSource("runs")
    void everyStepIsTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                GoldenRun run = GoldenRun.of(golden)) {
            Tensor timesteps = golden.out("timesteps");
            golden.assertEqual(
                    "timesteps",
                    torch.tensor(run.timesteps().stream()
                                    .mapToDouble(Double::doubleValue)
                                    .toArray())
                            .to(timesteps.scalar_type().intern()));
            golden.assertClose("step_latents", run.stepLatents(), 0);
            if (golden.hasOutput("initial_latents")) {
                golden.assertClose("initial_latents", run.first("initial_latents"), 0);
            }
        }
    }
}
