package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.cache.RequestCache;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.AttentionShape;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.ConvolutionShape;
import io.github.cogvideo4j.inference.internal.sampler.Sampler;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.window.WindowLayout;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/// The planning of a request, before anything is computed.
public final class Planning {
    private static final double GIBI = 1L << 30;

    private final PipelineRequest request;
    private final LatentShape shape;
    private final double modelRate;
    private final Sampler sampler;
    private final Optional<WindowLayout> windows;
    private final GenerationPlan plan;
    private final AttentionShape attention;
    private final ConvolutionShape convolution;
    private final IntFunction<MemoryPlan> together;

    /// Plans a request.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when it cannot be computed with this model
    Planning(Components components, Sampler sampler, LatentSource source, PipelineRequest request) {
        this.request = request;
        this.sampler = sampler;
        RequestCheck.check(request);
        RequestCheck.checkEmbeds(
                request,
                request.settings()
                        .maxSequenceLength()
                        .orElse(components.config().maxTextSeqLength()),
                components.config().textEmbedDim());
        source.check(components, request);
        InpaintSource.requireNone(components, request);
        int calls = calls(sampler, source.firstStep(request), request);
        SizeRules sizes = new SizeRules(components.config(), components.vae().config());
        this.shape = source.shape(sizes, request);
        this.modelRate = sizes.framesPerSecond();
        double inputRate = request.video().map(video -> video.framesPerSecond()).orElse(modelRate);
        this.windows = request.settings()
                .windows()
                .map(asked -> WindowLayout.of(asked, components.config(), shape.latentFrames()));
        RequestCache caching = new RequestCache(components.config(), request);
        caching.start(calls).close();
        windows.filter(layout -> !layout.isFixed() && request.settings().cache().isPresent())
                .ifPresent(layout -> {
                    throw RequestCheck.refused(
                            ProblemCode.REQUEST,
                            "inference.window.cache",
                            request.settings().cache().orElseThrow().name(),
                            layout.options().schedule());
                });
        MemoryEstimate memory = new MemoryEstimate(components, shape, request, caching, windows);
        this.together = videos -> memory.of(videos).plan(source);
        this.attention = memory.attention(source);
        this.convolution = memory.convolution();
        this.plan = new GenerationPlan(
                shape.height(),
                shape.width(),
                shape.requestedFrames(),
                shape.frames(),
                shape.latentFrames(),
                request.settings().framesPerSecond().orElse(inputRate),
                calls,
                sampler.name(),
                components.device().name(),
                warnings(components, sizes),
                memory.plan(source),
                request.settings().cache().isPresent()
                        ? OptionalLong.of(memory.cacheBytes(source))
                        : OptionalLong.empty(),
                windows.map(layout -> new GenerationPlan.Windows(
                        layout.options(), layout.longest(), layout.at(0).size(), layout.calls(calls))),
                Optional.empty());
    }

    /// The attention that takes the most time.
    AttentionShape attention() {
        return attention;
    }

    /// The convolution that takes the most time.
    ConvolutionShape convolution() {
        return convolution;
    }

    /// The way from noise to latents.
    Sampler sampler() {
        return sampler;
    }

    /// The windows over a long video, if there are any.
    Optional<WindowLayout> windows() {
        return windows;
    }

    /// What was asked for, reduced for a trial.
    public PipelineRequest request() {
        return request;
    }

    private List<Problem> warnings(Components components, SizeRules sizes) {
        Warnings problems = new Warnings();
        sampler.warn(problems);
        return Stream.of(components.warnings(), problems.all(), sizes.warnings(shape, windows))
                .flatMap(List::stream)
                .toList();
    }

    private static int calls(Sampler sampler, int first, PipelineRequest request) {
        try (SamplerRun run = sampler.run(request.settings().steps(), first)) {
            return run.timesteps().length;
        }
    }

    /// The memory of a pass that makes several videos like this one at once.
    public MemoryPlan together(int videos) {
        return together.apply(videos);
    }

    LatentShape shape() {
        return shape;
    }

    /// The frames per second that the model makes.
    public double modelRate() {
        return modelRate;
    }

    /// What the request comes to.
    public GenerationPlan plan() {
        return plan;
    }

    /// Refuses what cannot fit into memory: better than to be killed halfway.
    public static void requireMemory(MemoryPlan memory, PipelineOptions options, boolean cpu) {
        if (!memory.fits()) {
            throw new MissingCapabilityException(Problem.of(
                            ProblemCode.MEMORY,
                            Place.nowhere(),
                            "inference.pipeline.memory",
                            memory.peak().stage().name().toLowerCase(Locale.ROOT),
                            gibibytes(memory.peak().neededBytes()),
                            gibibytes(memory.availableBytes().orElseThrow()))
                    .with(MemoryRemedies.of(options, cpu, memory, memory.peak().stage())
                            .toArray(Remedy[]::new)));
        }
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / GIBI);
    }
}
