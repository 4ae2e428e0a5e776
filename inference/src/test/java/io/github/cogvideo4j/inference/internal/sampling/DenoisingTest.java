package io.github.cogvideo4j.inference.internal.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;

/// Runs in one pass, with a predictor and a sampler that treat every row by itself, so that a run's numbers have to be
/// those that it has alone, to the bit, whichever others come and go.
class DenoisingTest {
    private static final int STEPS = 6;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// Adds noise, and keeps what the last step saw, as samplers with a history do.
    private static final class Wandering implements SamplerRun {
        private Optional<Tensor> last = Optional.empty();

        @Override
        public double[] timesteps() {
            return new double[STEPS];
        }

        @Override
        public Tensor start(Tensor noise) {
            return noise;
        }

        @Override
        public Tensor start(Tensor sample, Tensor noise) {
            return noise;
        }

        @Override
        public Tensor scaled(Tensor sample) {
            return sample.mul(new Scalar(0.5));
        }

        @Override
        public SamplerStep step(Tensor prediction, Tensor sample, RandomSource random) {
            Tensor next = sample.sub(prediction).add(random.normalLike(sample));
            Tensor sum = last.map(next::add).orElse(next);
            last.ifPresent(Tensor::close);
            Tensor kept = prediction.clone();
            kept.retainReference();
            last = Optional.of(kept);
            return new SamplerStep(sum, sum);
        }

        @Override
        public void close() {
            last.ifPresent(Tensor::close);
        }
    }

    /// @param leaves before which step it is cancelled, and `STEPS` when never
    /// @param breaks at which step it has a NaN, and `STEPS` when at none
    private record Plan(long seed, int leaves, int breaks) {}

    /// The text's first value says of each row when it breaks: a prediction cannot know otherwise.
    private static Denoising denoising(int[] calls) {
        Guidance guidance = new Guidance(3, false, STEPS);
        return new Denoising(
                guidance.around(query -> {
                    Tensor rows = torch.cat(new org.bytedeco.pytorch.TensorVector(query.latents(), query.latents()));
                    Tensor scale = query.text().select(1, 0).select(1, 0).reshape(-1, 1, 1, 1, 1);
                    Tensor broken = scale.eq(new Scalar(calls[0]++));
                    return rows.mul(scale).masked_fill(broken, new Scalar(Double.NaN));
                }),
                Place.nowhere(),
                guidance,
                Precision.FP32);
    }

    private static List<Denoising.Ended> run(List<Plan> plans) {
        List<SamplerRun> samplers = new ArrayList<>();
        List<RandomSource> sources = new ArrayList<>();
        List<Denoising.Run> runs = new ArrayList<>();
        for (Plan plan : plans) {
            RandomSource random = RandomSource.of(plan.seed());
            SamplerRun sampler = new Wandering();
            samplers.add(sampler);
            sources.add(random);
            Tensor text = torch.full(new long[] {2, 3, 4}, new Scalar((double) plan.breaks()));
            runs.add(new Denoising.Run(
                    random.normal(torch.ScalarType.Float, 1, 2, 3, 4, 5),
                    sampler,
                    random,
                    text,
                    Optional.empty(),
                    Optional.empty(),
                    (index, _) -> {
                        if (index + 1 == plan.leaves()) {
                            throw new CancelledException();
                        }
                    }));
        }
        try {
            return denoising(new int[1]).run(runs);
        } finally {
            samplers.forEach(SamplerRun::close);
            sources.forEach(RandomSource::close);
        }
    }

    @Property(tries = 60)
    void everyRunHasTheNumbersThatItHasAlone(Generator random) {
        try (PointerScope _ = new PointerScope()) {
            List<Plan> plans = new ArrayList<>();
            for (int i = random.integer(1, 5); i > 0; i--) {
                plans.add(new Plan(
                        random.integer(0, 1_000),
                        random.bool() ? STEPS + 1 : random.integer(1, STEPS),
                        random.bool() ? STEPS : random.integer(0, STEPS - 1)));
            }
            List<Denoising.Ended> together = run(plans);
            for (int i = 0; i < plans.size(); i++) {
                Plan plan = plans.get(i);
                switch (together.get(i)) {
                    case Denoising.Ended.Clean(Tensor latents) -> {
                        assertThat(plan.leaves() > STEPS && plan.breaks() == STEPS)
                                .isTrue();
                        Tensor alone =
                                ((Denoising.Ended.Clean) run(List.of(plan)).getFirst()).latents();
                        assertThat(latents.equal(alone)).isTrue();
                    }
                    case Denoising.Ended.Failed(InvalidModelException broken) -> {
                        assertThat(broken.problem().code()).isEqualTo(ProblemCode.NAN_INF);
                        assertThat(plan.breaks()).isLessThan(plan.leaves());
                    }
                    case Denoising.Ended.Failed(RuntimeException why) -> {
                        assertThat(why).isInstanceOf(CancelledException.class);
                        assertThat(plan.leaves()).isLessThanOrEqualTo(plan.breaks());
                    }
                }
            }
        }
    }
}
