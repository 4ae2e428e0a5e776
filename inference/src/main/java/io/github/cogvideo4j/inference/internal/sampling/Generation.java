package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
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
    private final Components components;
    private final LatentSource source;
    private final PipelineRequest request;
    private final GenerationProgress progress;
    private final Probe probe;
    private final StageClock clock;
    private final Problems warnings = new Problems();
    private final LatentShape shape;
    private final GenerationPlan plan;
    private final Decoding decoding;
    private final Caching caching;

    Generation(
            Components components, LatentSource source, Planning planning, GenerationProgress progress, Probe probe) {
        this.components = components;
        this.source = source;
        this.request = planning.request();
        this.progress = progress;
        this.probe = probe;
        this.clock = new StageClock(progress);
        this.shape = planning.shape();
        this.plan = planning.plan();
        this.decoding = new Decoding(components, plan.framesPerSecond(), probe);
        this.caching = new Caching(components.config(), request);
    }

    /// Generates.
    PipelineResult run() {
        plan.warnings().forEach(this::warn);
        if (components.options().checkMemory()) {
            Planning.requireMemory(plan.memory());
        }
        List<Round> rounds = new ArrayList<>();
        try (var _ = Torch.inferenceMode();
                PointerScope _ = new PointerScope()) {
            clock.enter(Stage.ENCODE_PROMPT);
            Tensor text = text();
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

    private Tensor text() {
        int tokens = request.settings()
                .maxSequenceLength()
                .orElse(components.config().maxTextSeqLength());
        Problems cut = new Problems();
        Conditioning conditioning = new Conditioning(components, request, tokens, cut, probe);
        Tensor text = Scoped.tensor(conditioning::states);
        cut.all().forEach(this::warn);
        if (plan.memory().releasesTextEncoder()) {
            components.releaseTextEncoder();
        }
        return text;
    }

    private void warn(Problem problem) {
        warnings.report(problem);
        progress.warning(problem);
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
                clock.enter(Stage.DECODE);
                return new Round(seeds, latents, decoding.videos(latents, clock::advance));
            } catch (RuntimeException | Error e) {
                latents.close();
                throw e;
            }
        }
    }

    private Tensor denoised(int round, Tensor text, RandomSource random) {
        if (source.encodesInput(request)) {
            clock.enter(Stage.ENCODE_INPUT);
        }
        try (SamplerRun sampler = components.sampler().run(request.settings().steps(), source.firstStep(request))) {
            return denoised(round, text, random, sampler);
        }
    }

    private Tensor denoised(int round, Tensor text, RandomSource random, SamplerRun sampler) {
        long batch = RequestCheck.prompts(request);
        LatentSource.Start start = source.start(
                new LatentSource.Setting(components, request, shape, batch, random, clock::advance), sampler);
        start.image().ifPresent(image -> probe.see("image_latents", image));
        probe.see("initial_latents", start.latents());
        try (HostTensor initial = HostTensors.copyOf(start.latents())) {
            progress.start(initial);
        }
        clock.enter(Stage.DENOISE);
        Guidance guidance = new Guidance(
                request.settings().guidanceScale(), request.settings().dynamicCfg(), source.guidanceSteps(request));
        WatchedSteps steps = new WatchedSteps(progress, clock, decoding, probe, round, sampler.timesteps());
        try (StepCache cache = caching.start(sampler.timesteps().length)) {
            Denoising denoising = new Denoising(
                    new GuidedPredictor(components.predictor(cache, caching.work(), probe), guidance),
                    components.config().document().place(),
                    guidance,
                    components.precision(),
                    text,
                    start.image(),
                    Optional.empty());
            Tensor clean = denoising.run(start.latents(), sampler, random, steps);
            try (clean) {
                caching.ended(cache);
                return clean.narrow(1, shape.padding(), clean.size(1) - shape.padding())
                        .clone();
            }
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
                videos, seeds, HostTensors.joined(latents), warnings.all(), clock.stop(), caching.use());
    }

    private static Tensor owned(Supplier<Tensor> body) {
        return Scoped.owned(() -> List.of(body.get())).getFirst();
    }
}
