package io.github.cogvideo4j.inference.quality;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.CacheUse;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.quality.VideoSimilarity;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.pipeline.VideoPipeline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// A measurement of step caches with one model: for each prompt an exact run, then one with each setting, whose
/// time and video are compared with it.
public final class CacheBenchmark {
    /// Prompts with different kinds of motion, for users who give none of their own.
    public static final List<String> PROMPTS = List.of(
            "A red fox runs across a snowy field at sunrise, its breath visible in the cold air.",
            "Close-up of a potter's hands shaping a spinning clay bowl in a sunlit workshop.",
            "Waves crash against a lighthouse under dark storm clouds, seen from the air.");

    /// Settings worth trying with any model, from careful to bold. `mag:calibrate` stands for the cache with
    /// the ratios that its run measures.
    public static final List<CacheChoice> USUAL = List.of(
                    "first-block:threshold=0.05",
                    "first-block:threshold=0.1",
                    "first-block:threshold=0.2",
                    "pab",
                    "faster",
                    "taylor:cache_interval=3",
                    "taylor:cache_interval=3,use_lite_mode=true",
                    "mag:calibrate=true",
                    "tea:rel_l1_thresh=0.1",
                    "tea:rel_l1_thresh=0.2",
                    "tea:rel_l1_thresh=0.3")
            .stream()
            .map(CacheChoice::of)
            .toList();

    private final VideoPipeline pipeline;
    private final List<CacheChoice> caches;
    private final Listener listener;

    /// A listener to the runs.
    public interface Listener {
        /// A run begins.
        ///
        /// @param number which run, from 1
        /// @param count  how many there will be
        /// @param cache  its cache; none for an exact run
        /// @return a control for it
        JobControl begins(int number, int count, Optional<CacheChoice> cache);
    }

    /// A measurement of settings.
    public CacheBenchmark(VideoPipeline pipeline, List<CacheChoice> caches, Listener listener) {
        this.pipeline = pipeline;
        this.caches = List.copyOf(caches);
        this.listener = listener;
    }

    /// Measures.
    ///
    /// @param requests a request for each prompt, without a cache; each is built anew for every run
    /// @return a row for each setting, its figures the means over the prompts; the ratio of times is that of
    /// the sums
    public List<CacheTable.Row> run(List<Supplier<PipelineRequestBuilder>> requests) throws IOException {
        List<CacheChoice> settled = new ArrayList<>(caches);
        List<Sum> sums = new ArrayList<>();
        caches.forEach(_ -> sums.add(new Sum()));
        int count = requests.size() * (1 + caches.size());
        int number = 0;
        warmUp(requests.getFirst().get());
        for (Supplier<PipelineRequestBuilder> request : requests) {
            number++;
            JobControl watcher = listener.begins(number, count, Optional.empty());
            try (PipelineResult exact = pipeline.generateAll(request.get().build(), watcher)) {
                for (int i = 0; i < settled.size(); i++) {
                    number++;
                    JobControl watching = listener.begins(number, count, Optional.of(settled.get(i)));
                    settled.set(i, calibrated(request, settled.get(i)));
                    PipelineRequestBuilder cached = request.get().cache(settled.get(i));
                    try (PipelineResult result = pipeline.generateAll(cached.build(), watching)) {
                        sums.get(i).add(exact, result);
                    }
                }
            }
        }
        List<CacheTable.Row> rows = new ArrayList<>();
        for (int i = 0; i < settled.size(); i++) {
            rows.add(sums.get(i).row(settled.get(i)));
        }
        return rows;
    }

    /// Reads the weights, so that the first run's time is not that of the disk.
    private void warmUp(PipelineRequestBuilder request) throws IOException {
        pipeline.generateAll(request.steps(1).build(), JobControl.none()).close();
    }

    /// A cache that has to be calibrated, with what a run of it measures.
    private CacheChoice calibrated(Supplier<PipelineRequestBuilder> request, CacheChoice cache) throws IOException {
        if (!cache.settings().containsKey("calibrate")) {
            return cache;
        }
        try (PipelineResult result =
                pipeline.generateAll(request.get().cache(cache).build(), JobControl.none())) {
            return cache.with(result.cache().map(CacheUse::measured).orElse(Map.of()));
        }
    }

    /// The sum of one setting's runs.
    private static final class Sum {
        private int runs;
        private Duration exactTime = Duration.ZERO;
        private Duration time = Duration.ZERO;
        private double share;
        private double psnr;
        private double ssim;

        void add(PipelineResult exact, PipelineResult cached) {
            VideoSimilarity similarity = VideoSimilarity.of(
                    exact.videos().getFirst(), cached.videos().getFirst());
            runs++;
            exactTime = exactTime.plus(exact.times().getOrDefault(Stage.DENOISE, Duration.ZERO));
            time = time.plus(cached.times().getOrDefault(Stage.DENOISE, Duration.ZERO));
            share += cached.cache().map(CacheUse::share).orElse(1.0);
            psnr += similarity.psnr();
            ssim += similarity.ssim();
        }

        CacheTable.Row row(CacheChoice cache) {
            double speedUp = (double) exactTime.toNanos() / Math.max(1, time.toNanos());
            return new CacheTable.Row(cache, speedUp, share / runs, psnr / runs, ssim / runs);
        }
    }
}
