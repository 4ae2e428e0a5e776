package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.cache.RequestCache;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.window.WindowedPredictor;
import io.github.cogvideo4j.inference.video.Video;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// One generation from request to videos. What the kinds have in common; their [LatentSource] is the
/// difference.
final class Generation {
    private final Session session;
    private final Components components;
    private final LatentSource source;
    private final PipelineRequest request;
    private final RequestCache caching;

    Generation(Session session, LatentSource source) {
        this.session = session;
        this.components = session.components();
        this.source = source;
        this.request = session.request();
        this.caching = new RequestCache(components.config(), request);
    }

    /// Generates.
    PipelineResult run() {
        List<Round> rounds = new ArrayList<>();
        try (var _ = Torch.inferenceMode();
                PointerScope _ = new PointerScope()) {
            session.clock().enter(Stage.ENCODE_PROMPT);
            Tensor text = session.text(request);
            session.promptsEncoded();
            for (int i = 0; i < request.settings().videosPerPrompt(); i++) {
                rounds.add(round(i, text));
            }
            return result(rounds);
        } catch (RuntimeException | Error e) {
            rounds.forEach(round -> round.videos().forEach(Video::close));
            throw e;
        } finally {
            rounds.forEach(round -> round.latents().close());
        }
    }

    /// One video of each prompt.
    ///
    /// @param seeds   the seeds of the videos
    /// @param latents the clean latents, kept
    private record Round(List<Long> seeds, Tensor latents, List<Video> videos) {}

    private Round round(int index, Tensor text) {
        List<Long> seeds = request.seeds().stream().map(seed -> seed + index).toList();
        try (RandomSource random = RandomSource.ofEach(seeds)) {
            Tensor latents = owned(() -> denoised(index, text, random));
            try {
                session.clock().enter(Stage.DECODE);
                return new Round(seeds, latents, session.decoding().videos(latents, session.clock()::advance));
            } catch (RuntimeException | Error e) {
                latents.close();
                throw e;
            }
        }
    }

    private Tensor denoised(int round, Tensor text, RandomSource random) {
        if (source.encodesInput(request)) {
            session.clock().enter(Stage.ENCODE_INPUT);
        }
        try (SamplerRun sampler = components.sampler().run(request.settings().steps(), source.firstStep(request))) {
            return denoised(round, text, random, sampler);
        }
    }

    private Tensor denoised(int round, Tensor text, RandomSource random, SamplerRun sampler) {
        LatentSource.Start start = source.start(session.setting(RequestCheck.prompts(request), random), sampler);
        start.image().ifPresent(image -> session.probe().see("image_latents", image));
        session.probe().see("initial_latents", start.latents());
        session.started(start.latents());
        double[] timesteps = sampler.timesteps();
        session.clock()
                .enter(
                        Stage.DENOISE,
                        session.windows()
                                .map(layout -> layout.calls(timesteps.length))
                                .orElse((long) timesteps.length));
        Guidance guidance = new Guidance(
                request.settings().guidanceScale(), request.settings().dynamicCfg(), source.guidanceSteps(request));
        try (Rows rows = new Rows(timesteps.length)) {
            NoisePredictor guided = guidance.around(rows.predictor());
            Denoising denoising = new Denoising(
                    query -> {
                        Tensor prediction = guided.predict(query);
                        session.probe().see("guided_prediction", prediction);
                        return prediction;
                    },
                    components.config().document().place(),
                    guidance,
                    components.precision(),
                    text,
                    start.image(),
                    Optional.empty());
            Tensor clean = denoising.run(start.latents(), sampler, random, session.steps(round, timesteps));
            try (clean) {
                rows.ended();
                int padding = session.shape().padding();
                return clean.narrow(1, padding, clean.size(1) - padding).clone();
            }
        }
    }

    /// What predicts the rows of a run, and the step caches in it: one, or one for each window over a long
    /// video, whose windows are then the same at every step.
    private final class Rows implements AutoCloseable {
        private final List<StepCache> caches = new ArrayList<>();
        private final List<NoisePredictor> predictors = new ArrayList<>();

        Rows(int calls) {
            boolean each = request.settings().cache().isPresent();
            int count =
                    each ? session.windows().map(layout -> layout.at(0).size()).orElse(1) : 1;
            for (int i = 0; i < count; i++) {
                StepCache cache = caching.start(calls);
                caches.add(cache);
                predictors.add(components.predictor(cache, caching.work(), session.probe()));
            }
        }

        NoisePredictor predictor() {
            if (session.windows().isEmpty()) {
                return predictors.getFirst();
            }
            return new WindowedPredictor(
                    session.windows().get(),
                    window -> predictors.get(Math.min(window, predictors.size() - 1)),
                    source.windowCondition(),
                    session::windowPredicted);
        }

        void ended() {
            caches.forEach(caching::ended);
        }

        @Override
        public void close() {
            caches.forEach(StepCache::close);
        }
    }

    /// The videos prompt by prompt.
    private PipelineResult result(List<Round> rounds) {
        int prompts = RequestCheck.prompts(request);
        List<Video> videos = new ArrayList<>();
        List<Long> seeds = new ArrayList<>();
        List<Tensor> latents = new ArrayList<>();
        for (int prompt = 0; prompt < prompts; prompt++) {
            for (Round round : rounds) {
                videos.add(round.videos().get(prompt));
                seeds.add(round.seeds().get(round.seeds().size() == 1 ? 0 : prompt));
                latents.add(round.latents().narrow(0, prompt, 1));
            }
        }
        return new PipelineResult(
                videos,
                seeds,
                HostTensors.joined(latents),
                session.warnings(),
                session.clock().stop(),
                caching.use());
    }

    private static Tensor owned(Supplier<Tensor> body) {
        return Scoped.owned(() -> List.of(body.get())).getFirst();
    }
}
