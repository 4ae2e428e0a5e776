package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan.StageMemory;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.cache.CacheShape;
import io.github.cogvideo4j.inference.internal.cache.RequestCache;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.system.DeviceMemory;
import io.github.cogvideo4j.inference.internal.vae.VaeConfig;
import io.github.cogvideo4j.inference.internal.window.WindowLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The memory that a generation needs: counted from the sizes of the largest activations, with factors for how
/// many of them are alive at once.
///
/// On the CPU weights are mapped files, whose pages the system drops when it needs them; only what has to be
/// put together in memory counts. On another device all weights count from their first use on: they stay there,
/// but for those of the text encoder.
final class MemoryEstimate {
    /// Activations of the transformer's width that are alive at once: tokens, norm, query, key, value and their
    /// rotation, attention in fp32, twice the feed-forward's four times wider ones.
    private static final long TRANSFORMER_ACTIVATIONS = 18;
    /// Activations of the VAE's finest level that are alive at once, a convolution's window included. Measured
    /// at 9 frames of 240 x 368 and of 480 x 720: 4.1 and 3.8.
    private static final long VAE_ACTIVATIONS = 5;
    private static final long VAE_DECODED_FRAMES = 9;
    private static final long VAE_ENCODED_FRAMES = 15;
    private static final long TEXT_ACTIVATIONS = 16;
    /// What libtorch, its threads and the JVM take besides, at any stage; measured.
    private static final long RUNTIME_BYTES = 200L << 20;

    private final Components components;
    private final LatentShape shape;
    private final PipelineRequest request;
    private final RequestCache caching;
    private final Optional<WindowLayout> windows;
    private final long bytes;

    MemoryEstimate(
            Components components,
            LatentShape shape,
            PipelineRequest request,
            RequestCache caching,
            Optional<WindowLayout> windows) {
        this.components = components;
        this.shape = shape;
        this.request = request;
        this.caching = caching;
        this.windows = windows;
        this.bytes = components.precision().dtype().bytes();
    }

    MemoryPlan plan(LatentSource source) {
        boolean cpu = components.device().isCpu();
        long textWeights = request.promptEmbeds().isPresent() ? 0 : components.textEncoderBytes();
        long transformerWeights = components.transformerBytes();
        long vaeWeights = components.vaeBytes();
        OptionalLong available = DeviceMemory.available(components.device());
        boolean crowded = available.isPresent()
                && textWeights + transformerWeights + vaeWeights + transformerActivations(source)
                        > available.getAsLong();
        List<StageMemory> stages = new ArrayList<>();
        stages.add(stage(Stage.ENCODE_PROMPT, textActivations(), textWeights, 0));
        if (source.encodesInput(request)) {
            stages.add(stage(Stage.ENCODE_INPUT, vaeActivations(VAE_ENCODED_FRAMES), vaeWeights, 0));
        }
        stages.add(stage(
                Stage.DENOISE,
                transformerActivations(source) + cacheBytes(source) + windowSums(source),
                transformerWeights,
                components.transformer().ownBytes()));
        stages.add(stage(
                Stage.DECODE,
                vaeActivations(VAE_DECODED_FRAMES) + pixels(),
                cpu ? vaeWeights : transformerWeights + vaeWeights,
                0));
        return new MemoryPlan(stages, available, !cpu || crowded);
    }

    private StageMemory stage(Stage stage, long activations, long weights, long gathered) {
        return components.device().isCpu()
                ? new StageMemory(stage, RUNTIME_BYTES + activations + gathered, weights - gathered)
                : new StageMemory(stage, RUNTIME_BYTES + activations + weights, 0);
    }

    private long textActivations() {
        long width = components.config().textEmbedDim();
        long tokens = RequestCheck.prompts(request) * textTokens();
        return tokens * width * TEXT_ACTIVATIONS * bytes + besideProducts(tokens, width, width * 5 / 2);
    }

    /// What the widest product takes besides its input and result.
    private long besideProducts(long rows, long in, long out) {
        return components.device().isCpu()
                ? Linear.bytesBeside(ScalarTypes.of(components.precision()), rows, in, out)
                : 0;
    }

    private long transformerActivations(LatentSource source) {
        long width = components.config().innerDim();
        long tokens = batch() * source.rows(request) * (textTokens() + videoTokens());
        return tokens * width * TRANSFORMER_ACTIVATIONS * bytes + besideProducts(tokens, width, 4 * width);
    }

    /// What a step cache keeps from step to step.
    long cacheBytes(LatentSource source) {
        TransformerConfig config = components.config();
        CacheShape sizes = new CacheShape(
                batch() * source.rows(request),
                textTokens() + videoTokens(),
                videoTokens(),
                config.innerDim(),
                config.numLayers(),
                (long) framesAtOnce() * config.outChannels() * shape.latentHeight() * shape.latentWidth(),
                Math.toIntExact(bytes));
        long states = windows.map(layout -> layout.at(0).size()).orElse(1);
        return caching.settings()
                .map(settings -> Math.multiplyExact(states, settings.keptBytes(sizes)))
                .orElse(0L);
    }

    /// The latent frames that the transformer sees in one forward.
    private int framesAtOnce() {
        return windows.map(WindowLayout::longest).orElse(shape.latentFrames());
    }

    /// The predictions of all windows, added up in fp32.
    private long windowSums(LatentSource source) {
        long elements = (long) shape.latentFrames()
                * components.config().outChannels()
                * shape.latentHeight()
                * shape.latentWidth();
        return windows.isPresent() ? 2 * batch() * source.rows(request) * elements * Float.BYTES : 0;
    }

    private long textTokens() {
        return request.settings().maxSequenceLength().orElse(components.config().maxTextSeqLength());
    }

    private long videoTokens() {
        TransformerConfig config = components.config();
        long patch = config.patchSize();
        return (long) framesAtOnce()
                / config.patchSizeT().orElse(1)
                * (shape.latentHeight() / patch)
                * (shape.latentWidth() / patch);
    }

    private long vaeActivations(long mostFrames) {
        VaeConfig config = components.vae().config();
        long area = (long) shape.height() * shape.width();
        if (components.options().vae().tiling()) {
            area = Math.min(area, config.sampleHeight() / 2 * (long) (config.sampleWidth() / 2));
        }
        long frames = Math.min(mostFrames, shape.frames());
        return frames * area * config.blockOutChannels().getFirst() * VAE_ACTIVATIONS * bytes;
    }

    /// The finished videos.
    private long pixels() {
        return batch() * request.settings().videosPerPrompt() * shape.frames() * shape.height() * shape.width() * 3;
    }

    private long batch() {
        return RequestCheck.prompts(request);
    }
}
