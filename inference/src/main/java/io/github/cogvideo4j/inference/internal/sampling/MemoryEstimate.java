package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan.StageMemory;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.cache.CacheShape;
import io.github.cogvideo4j.inference.internal.cache.RequestCache;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.AttentionShape;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.ConvolutionShape;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.sampling.OffloadPlan.Need;
import io.github.cogvideo4j.inference.internal.sampling.OffloadPlan.OffloadPart;
import io.github.cogvideo4j.inference.internal.system.DeviceMemory;
import io.github.cogvideo4j.inference.internal.vae.VaeConfig;
import io.github.cogvideo4j.inference.internal.weights.Weights.DeviceBytes;
import io.github.cogvideo4j.inference.internal.window.WindowLayout;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The memory that a generation needs: counted from the sizes of the largest activations, with factors for how
/// many of them are alive at once.
///
/// On the CPU weights are mapped files, whose pages the system drops when it needs them; only what has to be
/// put together in memory counts. On another device weights count as [OffloadPlan] says.
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

    /// The same on a card, where libraries load their code into the card's memory and keep workspaces: what CUDA,
    /// cuBLAS and cuDNN are known to take. Not measured.
    private static final long CARD_BYTES = 1L << 30;

    private static final long RGB = 3;

    private final Components components;
    private final LatentShape shape;
    private final PipelineRequest request;
    private final RequestCache caching;
    private final Optional<WindowLayout> windows;
    private final int together;
    private final long bytes;

    MemoryEstimate(
            Components components,
            LatentShape shape,
            PipelineRequest request,
            RequestCache caching,
            Optional<WindowLayout> windows) {
        this(components, shape, request, caching, windows, 1);
    }

    private MemoryEstimate(
            Components components,
            LatentShape shape,
            PipelineRequest request,
            RequestCache caching,
            Optional<WindowLayout> windows,
            int together) {
        this.components = components;
        this.shape = shape;
        this.request = request;
        this.caching = caching;
        this.windows = windows;
        this.together = together;
        this.bytes = components.precision().dtype().bytes();
    }

    /// The same for several such generations whose steps are computed in one pass; prompts are encoded, and videos
    /// decoded, one after the other.
    MemoryEstimate of(int generations) {
        return new MemoryEstimate(components, shape, request, caching, windows, generations);
    }

    MemoryPlan plan(LatentSource source) {
        return plan(source, DeviceMemory.available(components.device()));
    }

    /// @param available what the device has to give, when it says so
    MemoryPlan plan(LatentSource source, OptionalLong available) {
        ComputeDevice device = components.device();
        List<Need> needs = needs(source, device.isCpu() ? RUNTIME_BYTES : CARD_BYTES);
        Offload asked = components.options().compute().offload();
        if (device.isCpu() && (asked == Offload.AUTO || asked == Offload.NONE)) {
            return onCpu(needs, available);
        }
        DeviceBytes text = request.promptEmbeds().isPresent() ? DeviceBytes.NONE : components.textEncoderOnDevice();
        long own = components.transformer().ownBytes();
        boolean dense = components.options().weights() == WeightFormat.DENSE;
        // What an earlier generation left there makes room for this one.
        OptionalLong free =
                available.isPresent() ? OptionalLong.of(available.getAsLong() + components.residentBytes()) : available;
        return new OffloadPlan(
                        text,
                        components.transformer().deviceBytes(),
                        components.vae().deviceBytes(),
                        dense ? own : 0,
                        dense ? 0 : own,
                        free)
                .plan(asked, needs);
    }

    private List<Need> needs(LatentSource source, long libraries) {
        List<Need> needs = new ArrayList<>();
        needs.add(new Need(Stage.ENCODE_PROMPT, OffloadPart.TEXT_ENCODER, libraries + textActivations()));
        if (source.encodesInput(request)) {
            needs.add(new Need(Stage.ENCODE_INPUT, OffloadPart.VAE, libraries + vaeActivations(VAE_ENCODED_FRAMES)));
        }
        needs.add(new Need(
                Stage.DENOISE,
                OffloadPart.TRANSFORMER,
                libraries + transformerActivations(source) + cacheBytes(source) + windowSums(source)));
        needs.add(new Need(
                Stage.DECODE,
                OffloadPart.VAE,
                libraries
                        + vaeActivations(VAE_DECODED_FRAMES)
                        + wholeVideo()
                        + (components.device().isCpu() ? pixels() : 0)));
        return needs;
    }

    private MemoryPlan onCpu(List<Need> needs, OptionalLong available) {
        long textWeights = request.promptEmbeds().isPresent() ? 0 : components.textEncoderBytes();
        long transformerWeights = components.transformerBytes();
        long vaeWeights = components.vaeBytes();
        long gathered = components.transformer().ownBytes();
        List<StageMemory> stages = needs.stream()
                .map(need -> switch (need.part()) {
                    case TEXT_ENCODER -> new StageMemory(need.stage(), need.bytes(), textWeights);
                    case TRANSFORMER ->
                        new StageMemory(need.stage(), need.bytes() + gathered, transformerWeights - gathered);
                    case VAE -> new StageMemory(need.stage(), need.bytes(), vaeWeights);
                })
                .toList();
        long denoising = needs.stream()
                .filter(need -> need.part() == OffloadPart.TRANSFORMER)
                .mapToLong(Need::bytes)
                .max()
                .orElse(0);
        boolean crowded = available.isPresent()
                && textWeights + transformerWeights + vaeWeights + denoising > available.getAsLong();
        return new MemoryPlan(stages, available, crowded);
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
        return tokens * width * TRANSFORMER_ACTIVATIONS * bytes
                + besideProducts(tokens, width, 4 * width)
                + scores(source);
    }

    /// The matrix of scores that attention by separate products holds, twice: before and after the softmax.
    private long scores(LatentSource source) {
        if (components.options().compute().attention() != AttentionKernel.MATH) {
            return 0;
        }
        long tokens = textTokens() + videoTokens();
        long heads = components.config().numAttentionHeads();
        return 2 * bytes * batch() * source.rows(request) * heads * tokens * tokens;
    }

    /// The attention of the transformer.
    AttentionShape attention(LatentSource source) {
        TransformerConfig config = components.config();
        return new AttentionShape(
                batch() * source.rows(request),
                config.numAttentionHeads(),
                textTokens() + videoTokens(),
                config.attentionHeadDim());
    }

    /// The convolution that takes the autoencoder most of its time: at its finest level.
    ConvolutionShape convolution() {
        VaeConfig config = components.vae().config();
        TileSize tile = tile();
        return new ConvolutionShape(
                config.blockOutChannels().getFirst(),
                Math.min(VAE_DECODED_FRAMES, shape.frames()) + 2,
                Math.min(tile.height(), shape.height()),
                Math.min(tile.width(), shape.width()));
    }

    /// What the autoencoder computes at a time.
    private TileSize tile() {
        return components.options().vae().tiling()
                ? components.options().vae().tiles().orElseGet(components.vae().config()::usualTiles)
                : new TileSize(shape.height(), shape.width(), 0, 0);
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
        long area = Math.min((long) shape.height() * shape.width(), (long) tile().height() * tile().width());
        long frames = Math.min(mostFrames, shape.frames());
        return frames * area * config.blockOutChannels().getFirst() * VAE_ACTIVATIONS * bytes;
    }

    /// A video that is decoded in tiles is put together whole: once in rows of tiles, once joined.
    private long wholeVideo() {
        return components.options().vae().tiling()
                ? 2L * shape.frames() * shape.height() * shape.width() * RGB * bytes
                : 0;
    }

    /// The finished videos.
    private long pixels() {
        return RequestCheck.prompts(request)
                * (long) request.settings().videosPerPrompt()
                * shape.frames()
                * shape.height()
                * shape.width()
                * RGB;
    }

    /// The videos that a step computes.
    private long batch() {
        return (long) together * RequestCheck.prompts(request);
    }
}
