package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.Weight;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The step from latents and text states to the tokens of the blocks: patches and text are projected to the
/// model's width and, where the model's positions are added ones, positions are added.
final class PatchEmbedding {
    private final TransformerConfig config;
    private final Projection projection;
    private final Linear text;
    private final Optional<Weight> learned; // [1, text tokens + patches, width]

    PatchEmbedding(Weights weights, TransformerConfig config) {
        this.config = config;
        this.projection = config.patchSizeT().isPresent()
                ? new DeepPatches(weights, config, config.patchSizeT().getAsInt())
                : new FlatPatches(weights, config);
        this.text = Linear.of(weights.at("text_proj"), config.textEmbedDim(), config.innerDim());
        this.learned = config.useLearnedPositionalEmbeddings()
                ? Optional.of(weights.get("pos_embedding", 1, config.positionTableLength(), config.innerDim()))
                : Optional.empty();
        if (!config.useRotaryPositionalEmbeddings() && config.patchSizeT().isPresent()) {
            throw new InvalidModelException(
                    ProblemCode.CONFIG_INVALID, config.document().place(), "inference.transformer.deep-sincos");
        }
    }

    /// @param latents `[batch, frames, channels, height, width]`
    /// @param states  `[batch, text tokens, text width]`
    /// @param places  where in the video each frame lies; from 0 on when empty
    JointTokens forward(Tensor latents, Tensor states, Optional<List<Integer>> places) {
        Tensor joined =
                Scoped.tensor(() -> torch.cat(new TensorVector(text.forward(states), projection.forward(latents)), 1));
        JointTokens tokens = new JointTokens(joined, states.size(1));
        Scoped.run(() -> addPositions(tokens, latents, places));
        return tokens;
    }

    /// The reference takes the learned table for the number of frames that it was made for, and sines and
    /// cosines for any other.
    private void addPositions(JointTokens tokens, Tensor latents, Optional<List<Integer>> places) {
        if (config.useRotaryPositionalEmbeddings() && learned.isEmpty()) {
            return;
        }
        long frames = latents.size(1);
        long height = latents.size(3);
        long width = latents.size(4);
        if (config.isInpainting() && config.patchSizeT().isEmpty()) {
            List<Integer> used = places.orElseGet(
                    () -> IntStream.range(0, Math.toIntExact(frames)).boxed().toList());
            addStretched(tokens, used, height / config.patchSize(), width / config.patchSize());
            return;
        }
        boolean trainedFrames = (frames - 1) * config.temporalCompressionRatio() + 1 == config.sampleFrames();
        if (learned.isPresent() && (height != config.sampleHeight() || width != config.sampleWidth())) {
            throw refused(
                    "inference.transformer.learned-size", height, width, config.sampleHeight(), config.sampleWidth());
        }
        if (learned.isPresent() && trainedFrames && places.isEmpty()) {
            if (tokens.textTokens() != config.maxTextSeqLength()) {
                throw refused("inference.transformer.learned-text", tokens.textTokens(), config.maxTextSeqLength());
            }
            tokens.all().add_(learned.get().tensor());
        } else {
            SincosPositions fromZero =
                    SincosPositions.of(config, frames, height / config.patchSize(), width / config.patchSize());
            places.map(given -> fromZero.at(config, given)).orElse(fromZero).addTo(tokens.video());
        }
    }

    /// CogVideoX-Fun takes the table of the size that the model was made for, stretched to the wanted rows and columns;
    /// of its frames the first ones, or those in whose places frames lie.
    ///
    /// Source: `CogVideoXPatchEmbed` of VideoX-Fun.
    private void addStretched(JointTokens tokens, List<Integer> places, long rows, long columns) {
        long trainedRows = config.sampleHeight() / config.patchSize();
        long trainedColumns = config.sampleWidth() / config.patchSize();
        if (learned.isEmpty()) {
            SincosPositions.of(config, places.size(), trainedRows, trainedColumns)
                    .at(config, places)
                    .stretched(rows, columns)
                    .addTo(tokens.video());
            return;
        }
        long text = config.maxTextSeqLength();
        long most = (config.positionTableLength() - text) / (trainedRows * trainedColumns);
        int last = Collections.max(places) + 1;
        if (last > most) {
            throw refused("inference.transformer.learned-frames", last, most);
        }
        Tensor table = learned.get().tensor();
        Tensor grid = table.narrow(1, text, table.size(1) - text)
                .unflatten(1, most, trainedRows, trainedColumns)
                .permute(0, 4, 1, 2, 3);
        Tensor frames = torch.tensor(
                        places.stream().mapToLong(Integer::longValue).toArray())
                .to(table.device(), ScalarType.Long);
        Tensor stretched = torch.upsample_trilinear3d(grid, new long[] {most, rows, columns}, false)
                .index_select(2, frames)
                .flatten(2, 4)
                .transpose(1, 2);
        tokens.video().add_(stretched);
        long states = Math.min(tokens.textTokens(), text);
        tokens.all().narrow(1, 0, states).add_(table.narrow(1, 0, states));
    }

    private InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(
                ProblemCode.CONFIG_INVALID, config.document().place(), key, arguments);
    }

    /// The projection of latents to `[batch, patches, width]`, in the order frame, row, column.
    private sealed interface Projection {
        Tensor forward(Tensor latents);
    }

    /// The projection of CogVideoX 1.0: a patch lies in one frame; it is a convolution that steps by its own
    /// size.
    private static final class FlatPatches implements Projection {
        private final long[] step;
        private final Weight weight; // [width, channels, patch, patch]
        private final Optional<Weight> bias; // [width]

        FlatPatches(Weights weights, TransformerConfig config) {
            long patch = config.patchSize();
            Weights at = weights.at("proj");
            this.step = new long[] {patch, patch};
            this.weight = at.get("weight", config.innerDim(), config.inChannels(), patch, patch);
            this.bias = config.patchBias() ? Optional.of(at.get("bias", config.innerDim())) : Optional.empty();
        }

        @Override
        public Tensor forward(Tensor latents) {
            return torch.conv2d(
                            latents.flatten(0, 1),
                            weight.tensor(),
                            bias.map(b -> new TensorOptional(b.tensor())).orElseGet(TensorOptional::new),
                            step,
                            new long[] {0, 0},
                            new long[] {1, 1},
                            1) // [batch frames, width, rows, columns]
                    .flatten(2, 3)
                    .transpose(1, 2) // [batch frames, patches of a frame, width]
                    .unflatten(0, latents.size(0), latents.size(1))
                    .flatten(1, 2);
        }
    }

    /// The projection of CogVideoX 1.5: a patch spans frames; it is linear, and has a bias whatever
    /// `patch_bias` says.
    private static final class DeepPatches implements Projection {
        private final long patch;
        private final long depth;
        private final Linear linear;

        DeepPatches(Weights weights, TransformerConfig config, int depth) {
            this.patch = config.patchSize();
            this.depth = depth;
            this.linear = Linear.of(weights.at("proj"), depth * patch * patch * config.inChannels(), config.innerDim());
        }

        @Override
        public Tensor forward(Tensor latents) {
            Tensor patches = latents.reshape(
                            latents.size(0),
                            latents.size(1) / depth,
                            depth,
                            latents.size(2),
                            latents.size(3) / patch,
                            patch,
                            latents.size(4) / patch,
                            patch)
                    .permute(0, 1, 4, 6, 3, 2, 5, 7) // [batch, frames, rows, columns, channels, depth, patch, patch]
                    .flatten(4, 7)
                    .flatten(1, 3);
            return linear.forward(patches);
        }
    }
}
