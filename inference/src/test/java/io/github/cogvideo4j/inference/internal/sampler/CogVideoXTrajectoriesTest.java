package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.scheduler.BetaSchedule;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerTablesTest;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/// Whole runs with recorded predictions: every sample after every step is the reference's, to the bit where the
/// tables are fp64, as those of every CogVideoX model are.
///
/// Coefficients in fp32 (inversion, and schedules that no model uses) are square roots of MKL's, whose last
/// bit differs from one processor to another: there the reference itself is not equal to the bit elsewhere,
/// and each step is held to the sidecar's tolerance, from the reference's own sample and table. (Our table is
/// held to it in [SchedulerTablesTest].)
class CogVideoXTrajectoriesTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> runs() {
        return Golden.names("schedulers", "d").stream()
                .filter(name -> name.contains("_traj"))
                .toList();
    }

    static List<String> noisy() {
        return Golden.names("schedulers", "add_noise");
    }

    @ParameterizedTest
    @MethodSource("runs")
    void everyStepIsTheReferences(String name) throws IOException {
        boolean inverse = name.contains("inverse");
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                var _ = Torch.inferenceMode()) {
            JsonNode meta = golden.meta();
            Sampler sampler = sampler(meta.path(inverse ? "config_passed" : "config"), name.contains("/dpm_"));
            Tensor predictions = golden.in("model_outputs");
            Tensor sample = golden.in("sample");
            ScalarType type = sample.scalar_type().intern();
            int steps = Math.toIntExact(predictions.size(0));
            List<Tensor> samples = new ArrayList<>();
            List<Tensor> denoised = new ArrayList<>();
            boolean exact = !inverse && sampler.config().betaSchedule() == BetaSchedule.SCALED_LINEAR;
            try (SamplerRun run = inverse ? inverseRun(sampler.inverse(), golden, steps) : sampler.run(steps, 0);
                    RandomSource random =
                            RandomSource.of(meta.path("generator_seed").longValue(0))) {
                golden.assertEqual("timesteps", torch.tensor(run.timesteps()).to(ScalarType.Long));
                for (int step = 0; step < run.timesteps().length; step++) {
                    SamplerRun.SamplerStep made = run.step(predictions.select(0, step), run.scaled(sample), random);
                    samples.add(made.sample().to(type));
                    sample = exact ? samples.getLast() : golden.out("samples").select(0, step);
                    denoised.add(made.denoised());
                }
            }
            check(golden, exact, "samples", samples);
            if (golden.hasOutput("pred_original_samples")) {
                check(golden, exact, "pred_original_samples", denoised);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("noisy")
    void addedNoiseIsTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            Tensor timesteps = golden.in("timesteps");
            long[] at = {
                timesteps.select(0, 0).item_long(), timesteps.select(0, 1).item_long()
            };
            Tensor noisy = sampler(golden.meta().path("config"), false)
                    .table()
                    .addNoise(golden.in("original"), golden.in("noise"), at);
            if (noisy.scalar_type().intern() == ScalarType.Float) {
                golden.assertClose("noisy", noisy, 0);
            } else {
                golden.assertEqual("noisy", noisy);
            }
        }
    }

    private static Sampler sampler(JsonNode config, boolean dpm) {
        SchedulerChoice choice = dpm ? SchedulerChoice.DPM : SchedulerChoice.DDIM;
        return Sampler.of(
                SchedulerTablesTest.document(config), Optional.of(choice), Optional.empty(), SamplerOptions.defaults());
    }

    private static SamplerRun inverseRun(Sampler inverse, Golden golden, int steps) throws IOException {
        NoiseTable table = new NoiseTable(golden.out("betas"), golden.out("alphas_cumprod"));
        return inverse.run(steps, 0, table, Optional.empty());
    }

    private static void check(Golden golden, boolean exact, String name, List<Tensor> steps) throws IOException {
        Tensor all = torch.stack(new TensorVector(steps.toArray(Tensor[]::new)));
        if (exact) {
            golden.assertEqual(name, all);
        } else {
            golden.assertClose(name, all, 0);
        }
    }
}
