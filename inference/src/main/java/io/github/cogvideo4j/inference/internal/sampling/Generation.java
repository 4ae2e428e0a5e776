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
            Tensor text = text();
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
        try (PointerScope _ = new PointerScope();
                Begun begun = begin(index)) {
            Tensor latents = owned(() -> denoised(begun, text));
            return Scoped.orClosed(latents::close, () -> new Round(begun.seeds(), latents, decoded(latents)));
        }
    }

    /// The states of the prompts, in the current scope.
    Tensor text() {
        session.clock().enter(Stage.ENCODE_PROMPT);
        return session.text(request);
    }

    /// A round before its first step.
    ///
    /// @param seeds   the seeds of the videos
    /// @param random  where their noise comes from
    /// @param sampler the run to clean latents
    /// @param start   the tensors that it begins with
    record Begun(int index, List<Long> seeds, RandomSource random, SamplerRun sampler, LatentSource.Start start)
            implements AutoCloseable {
        @Override
        public void close() {
            sampler.close();
            random.close();
        }
    }

    /// Makes the first latents of a round, in the current scope.
    Begun begin(int index) {
        if (source.encodesInput(request)) {
            session.clock().enter(Stage.ENCODE_INPUT);
        }
        List<Long> seeds = request.seeds().stream().map(seed -> seed + index).toList();
        RandomSource random = RandomSource.ofEach(seeds);
        return Scoped.orClosed(random::close, () -> {
            SamplerRun sampler = session.sampler().run(request.settings().steps(), source.firstStep(request));
            return Scoped.orClosed(sampler::close, () -> {
                LatentSource.Start start =
                        source.start(session.setting(RequestCheck.prompts(request), random), sampler);
                start.image().ifPresent(image -> session.probe().see("image_latents", image));
                session.probe().see("initial_latents", start.latents());
                session.started(start.latents());
                return new Begun(index, seeds, random, sampler, start);
            });
        });
    }

    private Tensor denoised(Begun begun, Tensor text) {
        Denoising.Run run = run(begun, text);
        try (Rows rows = new Rows(begun.sampler().timesteps().length)) {
            Tensor clean = denoising(rows.predictor()).run(run);
            try (clean) {
                rows.ended();
                return unpadded(clean);
            }
        }
    }

    /// Enters the stage of the steps.
    Denoising.Run run(Begun begun, Tensor text) {
        double[] timesteps = begun.sampler().timesteps();
        session.clock()
                .enter(
                        Stage.DENOISE,
                        session.windows()
                                .map(layout -> layout.calls(timesteps.length))
                                .orElse((long) timesteps.length));
        return new Denoising.Run(
                begun.start().latents(),
                begun.sampler(),
                begun.random(),
                text,
                begun.start().image(),
                Optional.empty(),
                session.steps(begun.index(), timesteps));
    }

    /// The loop over the steps.
    ///
    /// @param rows predicts negative and positive rows
    Denoising denoising(NoisePredictor rows) {
        Guidance guidance = new Guidance(
                request.settings().guidanceScale(), request.settings().dynamicCfg(), source.guidanceSteps(request));
        NoisePredictor guided = guidance.around(rows);
        return new Denoising(
                query -> {
                    Tensor prediction = guided.predict(query);
                    session.probe().see("guided_prediction", prediction);
                    return prediction;
                },
                components.config().document().place(),
                guidance,
                components.precision());
    }

    private Tensor unpadded(Tensor clean) {
        int padding = session.shape().padding();
        return clean.narrow(1, padding, clean.size(1) - padding).clone();
    }

    private List<Video> decoded(Tensor latents) {
        session.clock().enter(Stage.DECODE);
        return session.decoding().videos(latents, session.clock()::advance);
    }

    /// Decodes what was denoised together with other generations.
    ///
    /// @param clean the clean latents; they stay open
    PipelineResult result(Begun begun, Tensor clean) {
        try (Tensor latents = owned(() -> unpadded(clean))) {
            return result(List.of(new Round(begun.seeds(), latents, decoded(latents))));
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
