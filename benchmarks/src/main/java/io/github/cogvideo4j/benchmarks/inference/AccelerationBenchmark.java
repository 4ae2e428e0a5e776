package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.benchmarks.conversion.Spread;
import io.github.cogvideo4j.inference.internal.cache.CacheRun;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.cache.StepCaches;
import io.github.cogvideo4j.inference.internal.prediction.NoiseQuery;
import io.github.cogvideo4j.inference.internal.prediction.TransformerPredictor;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.transformer.ActivationProbe;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import io.github.cogvideo4j.inference.internal.transformer.CogVideoXTransformer;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;

/// The measurement of what step caches and small weights save: runs of a few steps of a transformer of real width, in
/// turns with the exact ones, by the processor's time.
///
///     AccelerationBenchmark caches|weights [--rounds N]
///     AccelerationBenchmark memory --format dense|fp8|int8
public final class AccelerationBenchmark {
    private static final int THREADS = 2;
    private static final int STEPS = 6;
    private static final double MEBI = 1 << 20;

    private AccelerationBenchmark() {}

    /// Prints a table.
    public static void main(String[] args) throws IOException {
        Arguments arguments = Arguments.parse(args);
        String what = arguments.only("what (caches, weights or memory)");
        int rounds = Integer.parseInt(arguments.get("rounds", "3"));
        Torch.start(THREADS);
        try (PointerScope _ = new PointerScope();
                InferenceMode _ = Torch.inferenceMode()) {
            switch (what) {
                case "caches" -> caches(rounds);
                case "weights" -> weights(rounds);
                case "memory" ->
                    memory(WeightFormat.valueOf(arguments.get("format", "dense").toUpperCase(Locale.ROOT)));
                default -> throw new IllegalArgumentException(what);
            }
        }
    }

    private static void caches(int rounds) throws IOException {
        System.out.println("| cache | computed | CPU seconds, exact | CPU seconds, cached | ratio / share |");
        System.out.println("|---|---|---|---|---|");
        try (DeepSubject subject = new DeepSubject(Precision.BF16)) {
            CogVideoXTransformer transformer = subject.transformer(WeightFormat.DENSE);
            run(transformer, subject, "first-block:threshold=0", new BlockWork());
            for (String cache : List.of(
                    "mag:mag_ratios=1,threshold=9,max_skip_steps=1,retention_ratio=0",
                    "pab:spatial_attention_timestep_skip_range=0..1000",
                    "faster",
                    "taylor:cache_interval=2,disable_cache_before_step=2,use_lite_mode")) {
                List<Double> exact = new ArrayList<>();
                List<Double> cached = new ArrayList<>();
                List<Double> ratios = new ArrayList<>();
                double share = 1;
                for (int round = 0; round < rounds; round++) {
                    exact.add(run(transformer, subject, "first-block:threshold=0", new BlockWork()));
                    BlockWork work = new BlockWork();
                    cached.add(run(transformer, subject, cache, work));
                    share = (work.attentions() + work.feedForwards()) / (2.0 * work.all());
                    ratios.add(cached.getLast() / exact.getLast() / share);
                }
                System.out.printf(
                        "| %s | %.0f%% | %s | %s | %s |%n",
                        cache, 100 * share, Spread.of(exact), Spread.of(cached), Spread.of(ratios));
            }
        }
    }

    private static double run(CogVideoXTransformer transformer, DeepSubject subject, String text, BlockWork work)
            throws IOException {
        CacheChoice choice = CacheChoice.of(text);
        double before = InferenceBenchmark.processorSeconds();
        CacheRun run = new CacheRun(STEPS, true, transformer.config());
        try (StepCache cache =
                StepCaches.settings(choice.name(), choice.settings()).start(run)) {
            TransformerPredictor predictor = new TransformerPredictor(transformer, cache, work, ActivationProbe.NONE);
            for (int step = 0; step < STEPS; step++) {
                try (PointerScope _ = new PointerScope()) {
                    Tensor _ = predictor.predict(new NoiseQuery(
                            subject.latents(), 600 - 100.0 * step, subject.text(), Optional.empty(), Optional.empty()));
                }
            }
        }
        return InferenceBenchmark.processorSeconds() - before;
    }

    private static void weights(int rounds) throws IOException {
        System.out.println("| weights | CPU seconds | against bf16 |");
        System.out.println("|---|---|---|");
        try (DeepSubject subject = new DeepSubject(Precision.BF16)) {
            List<WeightFormat> formats = List.of(WeightFormat.values());
            List<CogVideoXTransformer> models =
                    formats.stream().map(subject::transformer).toList();
            List<List<Double>> seconds = new ArrayList<>();
            List<List<Double>> ratios = new ArrayList<>();
            for (CogVideoXTransformer model : models) {
                forward(model, subject);
                seconds.add(new ArrayList<>());
                ratios.add(new ArrayList<>());
            }
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < models.size(); i++) {
                    seconds.get(i).add(forward(models.get(i), subject));
                    ratios.get(i)
                            .add(seconds.get(i).getLast() / seconds.getFirst().getLast());
                }
            }
            for (int i = 0; i < models.size(); i++) {
                System.out.printf(
                        "| %s | %s | %s |%n", formats.get(i), Spread.of(seconds.get(i)), Spread.of(ratios.get(i)));
            }
        }
    }

    private static double forward(CogVideoXTransformer model, DeepSubject subject) throws IOException {
        double before = InferenceBenchmark.processorSeconds();
        try (PointerScope _ = new PointerScope()) {
            model.forward(subject.input());
        }
        return InferenceBenchmark.processorSeconds() - before;
    }

    private static void memory(WeightFormat format) throws IOException {
        try (DeepSubject subject = new DeepSubject(Precision.BF16)) {
            CogVideoXTransformer model = subject.transformer(format);
            long before = InferenceBenchmark.status("RssAnon:");
            forward(model, subject);
            long after = InferenceBenchmark.status("RssAnon:");
            System.out.printf(
                    "| %s | %.0f | %.0f |%n", format, subject.weightBytes(format) / MEBI, (after - before) / 1024.0);
        }
    }
}
