package io.github.cogvideo4j.inference.internal.sampler;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.scheduler.SigmaTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
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

/// The stock samplers of diffusers: tables, and every call of whole runs with recorded predictions, as the
/// reference makes them, with its quirks.
///
/// The reference's square roots of fp32 scalars are MKL's, whose last bit differs from one processor to another
/// (see [SchedulerTablesTest][io.github.cogvideo4j.inference.internal.scheduler.SchedulerTablesTest]): it does not
/// meet its own numbers to the bit elsewhere. So each call starts from the reference's sample, with its tables.
/// In bf16 the result is equal to the bit all the same. In fp32 it is within the sidecar's bound, or within a few
/// units in the last place of the largest number that the call works on, where the sidecar's is below one such
/// unit.
class StockSamplerGoldenTest {
    /// Each coefficient is made of two or three roots or logarithms, and a step has up to four coefficients.
    private static final int UNITS = 6;
    /// The weights of SA-Solver are differences of exponentials that are up to ten times as large.
    private static final int UNITS_OF_SA_SOLVER = 20;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> tables() {
        return Golden.names("samplers", "").stream()
                .filter(name -> name.endsWith("_tables"))
                .toList();
    }

    static List<String> runs() {
        return Golden.names("samplers", "").stream()
                .filter(name -> name.contains("_traj"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void timestepsAndSigmasAreTheReferences(String name) throws IOException {
        String variant = name.substring(0, name.length() - "_tables".length());
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            Sampler sampler = StockGolden.sampler(golden.meta(), true);
            for (JsonNode count : golden.meta().path("steps")) {
                int steps = count.intValue();
                try (SamplerRun run = sampler.run(steps, 0, StockGolden.products(variant), Optional.empty())) {
                    Tensor expected = golden.out("timesteps_" + steps);
                    Tensor timesteps = torch.tensor(run.timesteps())
                            .to(expected.scalar_type().intern());
                    boolean karras = variant.contains("karras");
                    if (karras) {
                        // Found back from sigmas: a last bit of a root moves them by as much.
                        golden.assertClose("timesteps_" + steps, timesteps, 0);
                    } else {
                        golden.assertEqual("timesteps_" + steps, timesteps);
                    }
                    double sigma = run.start(torch.ones(1)).item_double();
                    double expectedSigma = StockGolden.values(golden.out("init_noise_sigma_" + steps))[0];
                    assertThat(Math.abs(sigma - expectedSigma)).isLessThanOrEqualTo(Math.ulp((float) expectedSigma));
                }
                if (golden.hasOutput("sigmas_" + steps)) {
                    assertSigmas(golden, variant, sampler, steps);
                }
            }
        }
    }

    /// Within the last bit of a root; Karras sigmas, seventh powers of sums of seventh roots, within that bit
    /// seven times.
    private static void assertSigmas(Golden golden, String variant, Sampler sampler, int steps) throws IOException {
        double[] expected = StockGolden.values(golden.out("sigmas_" + steps));
        SamplerSetup setup =
                new SamplerSetup(sampler.config(), StockGolden.products(variant), steps, 0, true, Optional.empty());
        SigmaSchedule ours = variant.matches(".*/(euler|eulera|heun).*")
                ? SigmaSchedule.inSigmaSpace(setup)
                : variant.matches(".*/(deis|sasolver).*")
                        ? SigmaSchedule.toSmallest(setup)
                        : SigmaSchedule.toZero(setup);
        double[] theirs = StockGolden.schedule(golden, steps).orElseThrow().sigmas().length == expected.length
                ? expected
                : widened(StockGolden.schedule(golden, steps).orElseThrow().sigmas());
        int units = variant.contains("karras") ? 7 : 1;
        for (int i = 0; i < theirs.length; i++) {
            assertThat(Math.abs(ours.sigmas()[i] - theirs[i]))
                    .as("%s sigma %d of %d: %s, %s", variant, i, steps, ours.sigmas()[i], theirs[i])
                    .isLessThanOrEqualTo(units * Math.ulp((float) theirs[i]));
        }
    }

    private static double[] widened(float... values) {
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return wide;
    }

    @ParameterizedTest
    @MethodSource("runs")
    void everyCallIsTheReferences(String name) throws IOException {
        String variant = name.substring(0, name.indexOf("_traj"));
        try (Golden golden = Golden.open(name);
                Golden tables = StockGolden.tables(variant);
                PointerScope _ = new PointerScope();
                var _ = Torch.inferenceMode()) {
            JsonNode meta = golden.meta();
            int steps = meta.path("num_inference_steps").intValue();
            int first = meta.path("first_timestep_index").intValue()
                    / meta.path("order").intValue();
            Tensor noise = golden.in("noise");
            Calls calls = new Calls(golden, variant.contains("sasolver") ? UNITS_OF_SA_SOLVER : UNITS);
            try (SamplerRun run = StockGolden.sampler(meta, true)
                            .run(steps, first, StockGolden.products(variant), StockGolden.schedule(tables, steps));
                    RandomSource random =
                            RandomSource.of(meta.path("generator_seed").longValue())) {
                golden.assertEqual(
                        "timesteps",
                        torch.tensor(run.timesteps())
                                .to(golden.out("timesteps").scalar_type().intern()));
                Tensor sample =
                        golden.hasInput("original") ? run.start(golden.in("original"), noise) : run.start(noise);
                calls.check(
                        "initial", 0, sample.unsqueeze(0), golden.out("initial").unsqueeze(0), noise);
                calls.make(run, random);
            }
        }
    }

    /// The calls of a run, each from the reference's sample.
    private record Calls(Golden golden, int units) {
        void make(SamplerRun run, RandomSource random) throws IOException {
            Tensor predictions = golden.in("model_outputs");
            Tensor sample = golden.out("initial");
            ScalarType type = sample.scalar_type().intern();
            List<Tensor> denoised = new ArrayList<>();
            for (int call = 0; call < run.timesteps().length; call++) {
                Tensor prediction = predictions.select(0, call);
                if (golden.hasOutput("scaled_inputs")) {
                    check("scaled_inputs", call, run.scaled(sample).unsqueeze(0), row("scaled_inputs", call), sample);
                }
                SamplerRun.SamplerStep step = run.step(prediction, sample, random);
                Tensor largest = torch.cat(new TensorVector(
                        sample.to(ScalarType.Float).reshape(-1),
                        prediction.reshape(-1),
                        row("samples", call).to(ScalarType.Float).reshape(-1)));
                check("samples", call, step.sample().to(type).unsqueeze(0), row("samples", call), largest);
                denoised.add(step.denoised());
                if (golden.hasOutput("pred_original_samples")) {
                    check(
                            "pred_original_samples",
                            call,
                            step.denoised().unsqueeze(0),
                            row("pred_original_samples", call),
                            largest);
                }
                sample = golden.out("samples").select(0, call);
            }
        }

        private Tensor row(String name, int call) throws IOException {
            return golden.out(name).narrow(0, call, 1);
        }

        void check(String name, int call, Tensor ours, Tensor theirs, Tensor scale) {
            String label = golden.sidecar().path("name").stringValue() + ": " + name + " " + call;
            assertThat(ours.shape()).as(label).isEqualTo(theirs.shape());
            assertThat(ours.scalar_type().intern())
                    .as(label)
                    .isEqualTo(theirs.scalar_type().intern());
            if (torch.allclose(ours, theirs, 0, 0, true)) {
                return;
            }
            boolean half = theirs.scalar_type().intern() == ScalarType.BFloat16;
            float largest = scale.to(ScalarType.Float).abs().max().item_float();
            double bound = Math.max(
                    golden.sidecar()
                            .path("tolerance")
                            .path(name)
                            .path("suggested_atol")
                            .doubleValue(),
                    units * Math.ulp(largest));
            double farthest = ours.to(ScalarType.Double)
                    .sub(theirs.to(ScalarType.Double))
                    .abs()
                    .max()
                    .item_double();
            assertThat(farthest).as(label).isLessThanOrEqualTo(half ? 0 : bound);
        }
    }

    @ParameterizedTest
    @MethodSource("plainTables")
    void productsWithoutRescalingAreTheReferencesToTheBit(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope()) {
            Sampler sampler = StockGolden.sampler(golden.meta(), true);
            golden.assertEqual("betas", torch.tensor(sampler.table().betas()).to(ScalarType.Float));
            golden.assertEqual(
                    "alphas_cumprod", torch.tensor(sampler.table().alphas()).to(ScalarType.Float));
            assertThat(SigmaTable.of(sampler.table()).smallest()).isBetween(0.029, 0.0293);
        }
    }

    static List<String> plainTables() {
        return List.of(
                "samplers/heun_tables", "samplers/deis_tables", "samplers/pndm_tables", "samplers/sasolver_tables");
    }
}
