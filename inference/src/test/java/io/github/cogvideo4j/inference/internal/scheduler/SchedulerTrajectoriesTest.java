package io.github.cogvideo4j.inference.internal.scheduler;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
class SchedulerTrajectoriesTest {
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
            SchedulerConfig config = SchedulerTablesTest.config(meta.path(inverse ? "config_passed" : "config"));
            Scheduler scheduler = inverse
                    ? new DdimInverseScheduler(
                            config, new NoiseTable(golden.out("betas"), golden.out("alphas_cumprod")))
                    : name.contains("/dpm_") ? new DpmScheduler(config) : new DdimScheduler(config);
            Tensor predictions = golden.in("model_outputs");
            Tensor sample = golden.in("sample");
            ScalarType type = sample.scalar_type().intern();
            int steps = Math.toIntExact(predictions.size(0));
            long[] timesteps = scheduler.timesteps(steps);
            golden.assertEqual("timesteps", torch.tensor(timesteps));
            List<Tensor> samples = new ArrayList<>();
            List<Tensor> denoised = new ArrayList<>();
            boolean exact = !inverse && config.betaSchedule() == BetaSchedule.SCALED_LINEAR;
            try (RandomSource random =
                    RandomSource.of(meta.path("generator_seed").longValue(0))) {
                StepPosition at = StepPosition.first(steps, timesteps[0]);
                for (int step = 0; step < timesteps.length; step++) {
                    Step made = scheduler.step(predictions.select(0, step), at, sample, random);
                    samples.add(made.sample().to(type));
                    sample = exact ? samples.getLast() : golden.out("samples").select(0, step);
                    denoised.add(made.denoised());
                    if (step + 1 < timesteps.length) {
                        at = at.next(timesteps[step + 1], made);
                    }
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
            Scheduler scheduler =
                    new DdimScheduler(SchedulerTablesTest.config(golden.meta().path("config")));
            Tensor timesteps = golden.in("timesteps");
            long[] at = {
                timesteps.select(0, 0).item_long(), timesteps.select(0, 1).item_long()
            };
            Tensor noisy = scheduler.addNoise(golden.in("original"), golden.in("noise"), at);
            if (noisy.scalar_type().intern() == ScalarType.Float) {
                golden.assertClose("noisy", noisy, 0);
            } else {
                golden.assertEqual("noisy", noisy);
            }
        }
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
