package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.scheduler.Scheduler;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What a request comes to, before anything is computed.
public final class Planning {
    private static final double RATE = 8;
    private static final double RATE_OF_PATCHES_IN_TIME = 16;
    private static final double GIBI = 1L << 30;

    private final PipelineRequest request;
    private final LatentShape shape;
    private final GenerationPlan plan;

    /// Plans a request.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when it cannot be computed with this model
    Planning(Components components, LatentSource source, PipelineRequest request) {
        this.request = request;
        RequestCheck.check(request);
        RequestCheck.checkEmbeds(
                request,
                request.settings()
                        .maxSequenceLength()
                        .orElse(components.config().maxTextSeqLength()),
                components.config().textEmbedDim());
        source.check(components, request);
        Scheduler scheduler = components.scheduler();
        int steps = source.timesteps(scheduler.timesteps(request.settings().steps()), request).length;
        SizeRules sizes = new SizeRules(components.config(), components.vae());
        this.shape = source.shape(sizes, request);
        double rate = components.config().patchSizeT().isPresent() ? RATE_OF_PATCHES_IN_TIME : RATE;
        double inputRate = request.video().map(video -> video.framesPerSecond()).orElse(rate);
        Caching caching = new Caching(components.config(), request);
        caching.start(steps).close();
        MemoryEstimate memory = new MemoryEstimate(components, shape, request, caching);
        this.plan = new GenerationPlan(
                shape.height(),
                shape.width(),
                shape.requestedFrames(),
                shape.frames(),
                shape.latentFrames(),
                request.settings().framesPerSecond().orElse(inputRate),
                steps,
                scheduler.className(),
                components.device().name(),
                Stream.concat(components.adapterRemarks().stream(), sizes.warnings(shape).stream())
                        .toList(),
                memory.plan(source),
                request.settings().cache().isPresent()
                        ? OptionalLong.of(memory.cacheBytes(source))
                        : OptionalLong.empty());
    }

    /// What was asked for, reduced for a trial.
    public PipelineRequest request() {
        return request;
    }

    LatentShape shape() {
        return shape;
    }

    /// What the request comes to.
    public GenerationPlan plan() {
        return plan;
    }

    /// Refuses what cannot fit into memory: better than to be killed halfway.
    public static void requireMemory(MemoryPlan memory) {
        if (!memory.fits()) {
            throw new MissingCapabilityException(
                    ProblemCode.MEMORY,
                    Place.nowhere(),
                    "inference.pipeline.memory",
                    memory.peak().stage().name().toLowerCase(Locale.ROOT),
                    gibibytes(memory.peak().neededBytes()),
                    gibibytes(memory.availableBytes().orElseThrow()));
        }
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / GIBI);
    }
}
