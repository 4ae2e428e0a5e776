package io.github.cogvideo4j.inference.internal.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What every sampler has to do, whatever the reference's numbers: held against data whose best prediction and
/// whose probability flow are known in closed form, numbers of a normal distribution.
class SamplerPropertiesTest {
    /// The deviation of the data.
    private static final double DEVIATION = 0.5;

    private static final Set<SchedulerChoice> STOCHASTIC = EnumSet.of(
            SchedulerChoice.DPM,
            SchedulerChoice.EULER_A,
            SchedulerChoice.DPM_2M_SDE,
            SchedulerChoice.SA_SOLVER,
            SchedulerChoice.LCM,
            SchedulerChoice.DDPM);

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    private static ConfigDocument config(double shift, boolean zeroSnr) {
        return ConfigDocument.empty()
                .with("clip_sample", false)
                .with("prediction_type", "v_prediction")
                .with("timestep_spacing", "trailing")
                .with("rescale_betas_zero_snr", zeroSnr)
                .with("snr_shift_scale", shift);
    }

    private static Sampler sampler(SchedulerChoice choice, SamplerOptions options) {
        return Sampler.of(config(1, true), Optional.of(choice), Optional.empty(), options);
    }

    private static Sampler sampler(SchedulerChoice choice) {
        return sampler(choice, SamplerOptions.defaults());
    }

    private static SamplerOptions order(int order) {
        return new SamplerOptions(false, OptionalInt.of(order), false, false);
    }

    private static SamplerOptions karras() {
        return new SamplerOptions(true, OptionalInt.empty(), false, false);
    }

    private static SamplerOptions quirks() {
        return new SamplerOptions(false, OptionalInt.empty(), false, true);
    }

    /// The best prediction of a velocity from a sample as the model is shown it.
    private static Tensor velocity(Sampler sampler, double timestep, Tensor shown) {
        double product = product(sampler, timestep);
        double signal = Math.sqrt(product);
        double noise = Math.sqrt(1 - product);
        double variance = product * DEVIATION * DEVIATION + 1 - product;
        // The data is c^2 a / (c^2 a^2 + s^2) of the sample, the noise s / (...).
        double ofNoise = noise / variance;
        double ofData = signal * DEVIATION * DEVIATION / variance;
        return shown.to(ScalarType.Float).mul(new Scalar(signal * ofNoise - noise * ofData));
    }

    /// Between whole timesteps interpolated as the samplers do, over the logarithm of sigma.
    private static double product(Sampler sampler, double timestep) {
        double[] alphas = sampler.table().alphas();
        int below = (int) Math.clamp(Math.floor(timestep), 0, alphas.length - 1.0);
        int above = Math.min(below + 1, alphas.length - 1);
        double share = Math.max(0, timestep - below);
        if (share == 0) {
            return alphas[below];
        }
        double log = (1 - share) * Math.log(sigma(alphas[below])) + share * Math.log(sigma(alphas[above]));
        double sigma = Math.exp(log);
        return 1 / (1 + sigma * sigma);
    }

    private static double sigma(double product) {
        return Math.sqrt((1 - product) / product);
    }

    private static double run(Sampler sampler, int steps, int first, ScalarType type) {
        try (PointerScope _ = new PointerScope();
                SamplerRun run = sampler.run(steps, first);
                RandomSource random = RandomSource.of(1)) {
            Tensor noise = torch.ones(1, 1, 1, 1, 1).to(type);
            Tensor sample = run.start(noise);
            for (double timestep : run.timesteps()) {
                Tensor prediction = velocity(sampler, timestep, run.scaled(sample));
                sample = run.step(prediction, sample, random).sample().to(type);
            }
            return sample.item_double();
        }
    }

    /// How far a run from noise 1 is from where the probability flow leads: to the deviation of the data, or, when
    /// it begins with a little signal in it, a little beside it.
    private static double error(Sampler sampler, int steps) {
        double[] alphas = sampler.table().alphas();
        double last = alphas[alphas.length - 1];
        double beginning = Math.sqrt(last * DEVIATION * DEVIATION + 1 - last);
        return Math.abs(run(sampler, steps, 0, ScalarType.Float) - DEVIATION / beginning);
    }

    static Stream<SchedulerChoice> deterministic() {
        return Arrays.stream(SchedulerChoice.values()).filter(choice -> !STOCHASTIC.contains(choice));
    }

    @ParameterizedTest
    @MethodSource("deterministic")
    void moreStepsComeCloserToTheProbabilityFlow(SchedulerChoice choice) {
        Sampler sampler = sampler(choice);
        assertThat(error(sampler, 100)).isLessThan(error(sampler, 10) / 5);
    }

    @ParameterizedTest
    @EnumSource(names = {"DPM_2M", "UNIPC", "HEUN", "DEIS", "PNDM"})
    void higherOrdersComeCloserThanDdim(SchedulerChoice choice) {
        assertThat(error(sampler(choice), 20)).isLessThan(0.7 * error(sampler(SchedulerChoice.DDIM_ORIGIN), 20));
    }

    @ParameterizedTest
    @EnumSource(names = {"DPM_2M", "UNIPC", "DEIS"})
    void eachOrderComesNoFartherThanTheOneBelow(SchedulerChoice choice) {
        double first = error(sampler(choice, order(1)), 40);
        double second = error(sampler(choice, order(2)), 40);
        double third = error(sampler(choice, order(3)), 40);
        assertThat(second).isLessThan(0.75 * first);
        assertThat(third).isLessThan(1.1 * second);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 10, 50})
    void theFirstOrderIsDdim(int steps) {
        double ddim = run(sampler(SchedulerChoice.DDIM_ORIGIN), steps, 0, ScalarType.Float);
        assertThat(run(sampler(SchedulerChoice.DDIM), steps, 0, ScalarType.Float))
                .isCloseTo(ddim, within(1e-4));
        // A table with 2^-24 at its end, and sums with numbers of size 4096.
        assertThat(run(sampler(SchedulerChoice.EULER), steps, 0, ScalarType.Float))
                .isCloseTo(ddim, within(1e-3));
        assertThat(run(sampler(SchedulerChoice.DPM_2M, order(1)), steps, 0, ScalarType.Float))
                .isCloseTo(ddim, within(1e-3));
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"DEIS", "SA_SOLVER"}) // they end at the smallest sigma and not at 0
    void theLastStepAloneGivesTheDenoisedSample(SchedulerChoice choice) {
        try (PointerScope _ = new PointerScope();
                SamplerRun run = sampler(choice).run(50, 49);
                RandomSource random = RandomSource.of(1)) {
            assertThat(run.timesteps()).hasSize(1);
            Tensor sample =
                    run.start(torch.full(new long[] {1, 1, 1, 1, 1}, new Scalar(0.3)), torch.ones(1, 1, 1, 1, 1));
            SamplerRun.SamplerStep step =
                    run.step(torch.full(new long[] {1, 1, 1, 1, 1}, new Scalar(0.7)), sample, random);
            assertThat(step.sample().item_double()).isCloseTo(step.denoised().item_double(), within(1e-5));
        }
    }

    /// Karras sigmas of a schedule that ends in noise alone begin with timestep 999 twice from 21 steps on, where
    /// the reference fails.
    @ParameterizedTest
    @EnumSource(names = {"DPM_2M", "UNIPC", "DEIS", "HEUN", "EULER"})
    void karrasSigmasHaveNoMostSteps(SchedulerChoice choice) {
        Sampler sampler = sampler(choice, karras());
        assertThat(error(sampler, 50)).isLessThan(0.65 * error(sampler, 21));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 10, 50})
    void pndmTakesAnyNumberOfSteps(int steps) {
        Sampler pndm = sampler(SchedulerChoice.PNDM);
        try (SamplerRun run = pndm.run(steps, 0)) {
            assertThat(run.timesteps()).hasSize(steps + 3 * Math.min(3, steps - 1));
        }
        assertThat(error(pndm, steps))
                .isLessThanOrEqualTo(error(sampler(SchedulerChoice.PNDM, quirks()), Math.max(4, steps)) * 2.5);
    }

    /// Combined as predictions of the noise, as the paper has it, they come closer than as velocities.
    @ParameterizedTest
    @ValueSource(ints = {4, 10, 20, 40})
    void pndmOfThePaperComesCloserThanTheReferences(int steps) {
        assertThat(error(sampler(SchedulerChoice.PNDM), steps))
                .isLessThan(0.6 * error(sampler(SchedulerChoice.PNDM, quirks()), steps));
    }

    /// 61 trailing steps are 62 with the last at timestep -1, which the reference takes for the noisiest.
    @ParameterizedTest
    @EnumSource(names = {"DDIM_ORIGIN", "PNDM", "DPM_2M", "UNIPC", "EULER", "HEUN", "DEIS"})
    void noTimestepIsNegative(SchedulerChoice choice) {
        Sampler sampler = sampler(choice);
        try (SamplerRun run = sampler.run(61, 0)) {
            assertThat(Arrays.stream(run.timesteps()).min().orElseThrow()).isNotNegative();
        }
        assertThat(error(sampler, 61)).isLessThan(0.05);
    }

    @ParameterizedTest
    @EnumSource
    void aVideoStartsWithTheNoiseOfItsTimestep(SchedulerChoice choice) {
        Sampler sampler = sampler(choice);
        try (PointerScope _ = new PointerScope();
                SamplerRun run = sampler.run(10, 4)) {
            Tensor zeros = torch.zeros(1, 1, 1, 1, 1);
            Tensor ones = torch.ones(1, 1, 1, 1, 1);
            double product = product(sampler, run.timesteps()[0]);
            assertThat(run.scaled(run.start(zeros, ones)).item_double())
                    .isCloseTo(Math.sqrt(1 - product), within(1e-4));
            assertThat(run.scaled(run.start(ones, zeros)).item_double()).isCloseTo(Math.sqrt(product), within(1e-4));
        }
    }

    @Test
    void theReferencesSecondFactorIsAQuirk() {
        try (PointerScope _ = new PointerScope();
                SamplerRun run = sampler(SchedulerChoice.EULER, quirks()).run(10, 4)) {
            Tensor zeros = torch.zeros(1, 1, 1, 1, 1);
            assertThat(run.scaled(run.start(zeros, torch.ones(1, 1, 1, 1, 1))).item_double())
                    .isGreaterThan(1000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunInTheMiddleComesToTheData(SchedulerChoice choice) {
        Sampler sampler = sampler(choice);
        try (PointerScope _ = new PointerScope();
                SamplerRun run = sampler.run(40, 20);
                RandomSource random = RandomSource.of(1)) {
            Tensor clean = random.normal(ScalarType.Float, 1, 4, 4, 16, 16).mul(new Scalar(DEVIATION));
            Tensor sample = run.start(clean, random.normal(ScalarType.Float, 1, 4, 4, 16, 16));
            for (double timestep : run.timesteps()) {
                sample = run.step(velocity(sampler, timestep, run.scaled(sample)), sample, random)
                        .sample();
            }
            double deviation = Math.sqrt(sample.square().mean().item_double());
            assertThat(deviation).isCloseTo(DEVIATION, within(choice == SchedulerChoice.LCM ? 0.5 : 0.07));
        }
    }

    /// With new noise at every step the result has the deviation of the data, but for what a step of first order
    /// leaves out.
    @ParameterizedTest
    @EnumSource(names = {"DPM", "EULER_A", "DPM_2M_SDE", "SA_SOLVER", "DDPM"})
    void stochasticSamplersKeepTheDeviation(SchedulerChoice choice) {
        Sampler sampler = sampler(choice);
        try (PointerScope _ = new PointerScope();
                SamplerRun run = sampler.run(100, 0);
                RandomSource random = RandomSource.of(1)) {
            Tensor sample = run.start(random.normal(ScalarType.Float, 1, 4, 4, 32, 32));
            for (double timestep : run.timesteps()) {
                sample = run.step(velocity(sampler, timestep, run.scaled(sample)), sample, random)
                        .sample();
            }
            assertThat(Math.sqrt(sample.square().mean().item_double())).isCloseTo(DEVIATION, within(0.04));
        }
    }

    @Test
    void whatTheReferenceCannotRunIsComputed() {
        double fp32 = run(sampler(SchedulerChoice.UNIPC, order(3)), 10, 0, ScalarType.Float);
        assertThat(run(sampler(SchedulerChoice.UNIPC, order(3)), 10, 0, ScalarType.BFloat16))
                .isCloseTo(fp32, within(0.02));
        ConfigDocument bh1 = config(1, true).with("solver_type", "bh1");
        Sampler first =
                Sampler.of(bh1, Optional.of(SchedulerChoice.UNIPC), Optional.empty(), SamplerOptions.defaults());
        assertThat(error(first, 50)).isLessThan(0.05);
    }

    @ParameterizedTest
    @EnumSource
    void aFolderMayNameTheClass(SchedulerChoice choice) {
        ConfigDocument json = ConfigDocument.empty().with("_class_name", choice.className());
        if (choice == SchedulerChoice.DPM_2M_SDE) {
            json = json.with("algorithm_type", "sde-dpmsolver++");
        }
        Sampler sampler = Sampler.of(json, Optional.empty(), Optional.empty(), SamplerOptions.defaults());
        assertThat(SchedulerChoice.ofClass(sampler.name())).isEqualTo(choice);
        assertThat(sampler.run(5, 0).timesteps()).hasSizeGreaterThanOrEqualTo(5);
    }

    @ParameterizedTest
    @EnumSource(TimestepSpacing.class)
    void everySpacingRuns(TimestepSpacing spacing) {
        for (SchedulerChoice choice : SchedulerChoice.values()) {
            Sampler sampler =
                    Sampler.of(config(1, true), Optional.of(choice), Optional.of(spacing), SamplerOptions.defaults());
            for (int steps : List.of(1, 2, 7)) {
                assertThat(run(sampler, steps, 0, ScalarType.Float))
                        .as("%s %d", choice, steps)
                        .isFinite();
            }
        }
    }

    @Test
    void whatDoesNotBelongToASamplerIsRefusedByName() {
        assertThatThrownBy(() -> sampler(SchedulerChoice.LCM).run(100, 0))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("LCM")
                .hasMessageContaining("50");
        assertThatThrownBy(() -> sampler(SchedulerChoice.PNDM, karras()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("PNDM");
        assertThatThrownBy(() -> sampler(SchedulerChoice.EULER, order(2)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("Euler");
        assertThatThrownBy(() -> sampler(SchedulerChoice.DPM_2M, order(4))).isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> sampler(SchedulerChoice.DPM_2M).run(1001, 0))
                .isInstanceOf(InvalidRequestException.class);
        for (ConfigDocument json : List.of(
                ConfigDocument.empty().with("_class_name", "VQDiffusionScheduler"),
                config(1, true).with("use_beta_sigmas", true),
                config(1, true).with("algorithm_type", "dpmsolver"),
                config(1, true).with("solver_order", 9))) {
            assertThatThrownBy(() -> Sampler.of(json, Optional.empty(), Optional.empty(), SamplerOptions.defaults()))
                    .isInstanceOfAny(
                            InvalidModelException.class, io.github.cogvideo4j.checkpoints.CheckpointException.class);
        }
    }

    @Test
    void whatAClassDoesNotKnowIsAWarning() {
        assertThat(warnings(SchedulerChoice.DDIM, false)).isEmpty();
        assertThat(warnings(SchedulerChoice.EULER, false)).singleElement().isEqualTo("inference.sampler.drops-shift");
        assertThat(warnings(SchedulerChoice.EULER, true)).isEmpty();
        assertThat(warnings(SchedulerChoice.HEUN, true)).singleElement().isEqualTo("inference.sampler.drops-rescaling");
    }

    private static List<String> warnings(SchedulerChoice choice, boolean keepsShift) {
        Warnings problems = new Warnings();
        shifted(choice, keepsShift).warn(problems);
        return problems.all().stream().map(problem -> problem.message().key()).toList();
    }

    private static Sampler shifted(SchedulerChoice choice, boolean keepsShift) {
        SamplerOptions options = new SamplerOptions(false, OptionalInt.empty(), keepsShift, false);
        return Sampler.of(config(3, true), Optional.of(choice), Optional.empty(), options);
    }

    @Test
    void theShiftCanBeKept() {
        double[] own = shifted(SchedulerChoice.DDIM, false).table().alphas();
        double[] kept = shifted(SchedulerChoice.DDIM_ORIGIN, true).table().alphas();
        double[] dropped = shifted(SchedulerChoice.DDIM_ORIGIN, false).table().alphas();
        for (int t = 0; t < own.length; t++) {
            assertThat(kept[t]).isCloseTo(own[t], within(2e-6));
        }
        assertThat(dropped[500]).isGreaterThan(own[500] + 0.1);
    }

    static Stream<Arguments> names() {
        return Stream.of(
                Arguments.of("CogVideoXDDIM", SchedulerChoice.DDIM),
                Arguments.of("DDIM_Cog", SchedulerChoice.DDIM),
                Arguments.of("DDIM", SchedulerChoice.DDIM),
                Arguments.of("CogVideoXDDIMScheduler", SchedulerChoice.DDIM),
                Arguments.of("CogVideoXDPMScheduler", SchedulerChoice.DPM),
                Arguments.of("dpm", SchedulerChoice.DPM),
                Arguments.of("DDIM_Origin", SchedulerChoice.DDIM_ORIGIN),
                Arguments.of("DDIMScheduler", SchedulerChoice.DDIM_ORIGIN),
                Arguments.of("Euler", SchedulerChoice.EULER),
                Arguments.of("Euler A", SchedulerChoice.EULER_A),
                Arguments.of("euler_a", SchedulerChoice.EULER_A),
                Arguments.of("DPM++", SchedulerChoice.DPM_2M),
                Arguments.of("DPMSolverMultistepScheduler", SchedulerChoice.DPM_2M),
                Arguments.of("dpm++ 2m sde", SchedulerChoice.DPM_2M_SDE),
                Arguments.of("PNDM", SchedulerChoice.PNDM),
                Arguments.of("UniPCMultistepScheduler", SchedulerChoice.UNIPC),
                Arguments.of("unipc", SchedulerChoice.UNIPC),
                Arguments.of("HeunDiscreteScheduler", SchedulerChoice.HEUN),
                Arguments.of("DEISMultistepScheduler", SchedulerChoice.DEIS),
                Arguments.of("SASolverScheduler", SchedulerChoice.SA_SOLVER),
                Arguments.of("LCMScheduler", SchedulerChoice.LCM),
                Arguments.of("DDPMScheduler", SchedulerChoice.DDPM));
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyNameOfTheToolsIsKnownInEitherCase(String name, SchedulerChoice choice) {
        assertThat(SchedulerChoice.named(name)).contains(choice);
        assertThat(SchedulerChoice.named(name.toUpperCase(Locale.ROOT))).contains(choice);
        assertThat(SchedulerChoice.named(choice.id())).contains(choice);
        assertThat(SchedulerChoice.named("DDIM 2")).isEmpty();
    }
}
