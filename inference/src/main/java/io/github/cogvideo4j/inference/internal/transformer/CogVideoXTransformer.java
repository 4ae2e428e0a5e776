package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.BlockStream;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The transformer of all CogVideoX models, as its configuration describes it: from noisy latents, a text and a
/// timestep to the prediction that a scheduler steps with.
///
/// It keeps the rotary tables of the last size of latents; [#close()] frees them. The weights are the caller's.
public final class CogVideoXTransformer implements AutoCloseable {
    /// The name of its list of blocks.
    static final String BLOCKS = "transformer_blocks";

    private final TransformerConfig config;
    private final Weights weights;
    private final PatchEmbedding patchEmbedding;
    private final TimestepEmbedding timeEmbedding;
    private final Optional<TimestepEmbedding> ofsEmbedding;
    private final BlockStream stream = new BlockStream();
    private final List<TransformerBlock> blocks;
    private final PatchOutput output;
    private Optional<CachedPositions> positions = Optional.empty();

    /// A transformer over weights.
    ///
    /// @param weights its state dict, in the type and on the device of use
    /// @throws InvalidModelException when a tensor is missing or has another shape than the configuration says
    public CogVideoXTransformer(Weights weights, TransformerConfig config) {
        this.config = config;
        this.weights = weights;
        this.patchEmbedding = new PatchEmbedding(weights.at("patch_embed"), config);
        this.timeEmbedding =
                new TimestepEmbedding(weights.at("time_embedding"), config.innerDim(), config.timeEmbedDim(), config);
        this.ofsEmbedding = ofsEmbedding(weights.at("ofs_embedding"), config);
        this.blocks = IntStream.range(0, config.numLayers())
                .mapToObj(i -> new TransformerBlock(weights.at(BLOCKS, i).in(stream.add()), config))
                .toList();
        this.output = new PatchOutput(weights, config);
    }

    private static Optional<TimestepEmbedding> ofsEmbedding(Weights weights, TransformerConfig config) {
        if (config.ofsEmbedDim().isEmpty()) {
            return Optional.empty();
        }
        int width = config.ofsEmbedDim().getAsInt();
        if (width != config.timeEmbedDim()) {
            throw new InvalidModelException(
                    ProblemCode.CONFIG_INVALID,
                    config.document().place(),
                    "inference.transformer.ofs-width",
                    width,
                    config.timeEmbedDim());
        }
        return Optional.of(new TimestepEmbedding(weights, width, width, config));
    }

    /// The way of its blocks to the device.
    BlockStream stream() {
        return stream;
    }

    /// The configuration that it was made from.
    public TransformerConfig config() {
        return config;
    }

    /// The prediction for latents.
    ///
    /// @return `[batch, frames, output channels, height, width]`, in the model's type
    /// @throws InvalidRequestException when the latents' sizes are none that the model can compute
    public Tensor forward(TransformerInput input) {
        return forward(input, ActivationProbe.NONE);
    }

    /// The prediction for latents, watched.
    public Tensor forward(TransformerInput input, ActivationProbe probe) {
        return Scoped.tensor(() -> {
            ForwardPass pass = begin(input, new BlockWork(), probe);
            pass.blocksFrom(0);
            return pass.output();
        });
    }

    /// Begins a forward: everything before the first block.
    ///
    /// @throws InvalidRequestException when the latents' sizes are none that the model can compute
    ForwardPass begin(TransformerInput input, BlockWork work, ActivationProbe probe) {
        check(input.latents());
        Tensor latents = used(input.latents());
        Tensor time = time(input, probe);
        JointTokens tokens = patchEmbedding.forward(latents, used(input.text()), input.places());
        probe.see("patch_embed", tokens.all());
        Optional<RotaryPositions> rotary =
                rotary(input, new PositionGrid(latents.size(1), latents.size(3), latents.size(4), input.places()));
        return new ForwardPass(blocks, stream, output, latents, time, tokens, rotary, input.reference(), work, probe);
    }

    private Tensor time(TransformerInput input, ActivationProbe probe) {
        Tensor timesteps = input.timesteps().to(weights.device().torchDevice(), ScalarType.Float);
        Tensor time = timeEmbedding.forward(timesteps, probe, "time_proj", "time_embedding");
        if (ofsEmbedding.isEmpty()) {
            return time;
        }
        Tensor ofs = input.ofs()
                .orElseGet(() -> torch.full(
                        new long[] {1}, new Scalar(TransformerInput.TRAINED_OFS), new TensorOptions(ScalarType.Float)))
                .to(weights.device().torchDevice(), ScalarType.Float);
        return time.add(ofsEmbedding.get().forward(ofs, probe, "ofs_proj", "ofs_embedding"));
    }

    private Tensor used(Tensor tensor) {
        return weights.device().put(tensor, weights.precision());
    }

    private void check(Tensor latents) {
        int patch = config.patchSize();
        int depth = config.patchSizeT().orElse(1);
        if (latents.size(1) % depth != 0 || latents.size(3) % patch != 0 || latents.size(4) % patch != 0) {
            throw refused(
                    "inference.transformer.patches", latents.size(1), latents.size(3), latents.size(4), depth, patch);
        }
        if (latents.size(2) != config.inChannels()) {
            throw refused("inference.transformer.channels", latents.size(2), config.inChannels());
        }
    }

    private InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(
                ProblemCode.CONFIG_INVALID, config.document().place(), key, arguments);
    }

    /// Rotary tables for one size of latents.
    private record CachedPositions(PositionGrid grid, RotaryPositions tables) {
        void close() {
            tables.cos().close();
            tables.sin().close();
            tables.factors().close();
        }
    }

    /// The places that rotary tables are made for, in latent frames and pixels.
    private record PositionGrid(long frames, long height, long width, Optional<List<Integer>> places) {}

    private Optional<RotaryPositions> rotary(TransformerInput input, PositionGrid grid) {
        if (!config.useRotaryPositionalEmbeddings()) {
            return Optional.empty();
        }
        if (input.rotary().isPresent()) {
            return input.rotary();
        }
        if (positions.filter(cached -> cached.grid().equals(grid)).isEmpty()) {
            close();
            RotaryPositions tables = RotaryPositions.forLatents(
                            config, grid.frames(), grid.height(), grid.width(), grid.places())
                    .on(weights.device());
            Scoped.keep(tables.cos());
            Scoped.keep(tables.sin());
            Scoped.keep(tables.factors());
            positions = Optional.of(new CachedPositions(grid, tables));
        }
        return positions.map(CachedPositions::tables);
    }

    @Override
    public void close() {
        positions.ifPresent(CachedPositions::close);
        positions = Optional.empty();
    }
}
