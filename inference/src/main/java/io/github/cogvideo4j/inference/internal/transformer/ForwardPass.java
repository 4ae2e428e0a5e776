package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.inference.internal.weights.BlockStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/// One forward of the transformer, taken block by block: the tokens are embedded, blocks change them in place,
/// and the prediction is made of them. Its tensors belong to the scope in which it was begun.
public final class ForwardPass {
    private final List<TransformerBlock> blocks;
    private final BlockStream stream;
    private final PatchOutput patchOutput;
    private final Tensor latents;
    private final Tensor time;
    private final JointTokens tokens;
    private final Optional<RotaryPositions> rotary;
    private final boolean reference;
    private final BlockWork work;
    private final ActivationProbe probe;

    ForwardPass(
            List<TransformerBlock> blocks,
            BlockStream stream,
            PatchOutput patchOutput,
            Tensor latents,
            Tensor time,
            JointTokens tokens,
            Optional<RotaryPositions> rotary,
            boolean reference,
            BlockWork work,
            ActivationProbe probe) {
        this.blocks = blocks;
        this.stream = stream;
        this.patchOutput = patchOutput;
        this.latents = latents;
        this.time = time;
        this.tokens = tokens;
        this.rotary = rotary;
        this.reference = reference;
        this.work = work;
        this.probe = probe;
    }

    /// How many blocks there are.
    public int blocks() {
        return blocks.size();
    }

    /// The time embedding, `[rows, width]`.
    public Tensor time() {
        return time;
    }

    /// The tokens as the blocks so far have left them.
    public JointTokens tokens() {
        return tokens;
    }

    /// Computes a block.
    public void block(int index) {
        block(index, BlockParts.COMPUTED);
    }

    /// Computes a block with parts that may come from elsewhere.
    public void block(int index, BlockParts parts) {
        long rows = tokens.all().size(0);
        BlockParts counted = new BlockParts() {
            @Override
            public Tensor attention(int block, long asked, Supplier<Tensor> compute) {
                return parts.attention(block, asked, () -> {
                    work.attention(rows);
                    return compute.get();
                });
            }

            @Override
            public Tensor feedForward(int block, long asked, Supplier<Tensor> compute) {
                return parts.feedForward(block, asked, () -> {
                    work.feedForward(rows);
                    return compute.get();
                });
            }
        };
        stream.run(
                index,
                () -> blocks.get(index)
                        .forward(index, tokens, time, rotary, reference, counted, probe.at("block." + index)));
    }

    /// Computes the blocks from one on to the last.
    public void blocksFrom(int first) {
        for (int i = first; i < blocks.size(); i++) {
            block(i);
        }
    }

    /// The prediction, `[rows, frames, output channels, height, width]`, in the model's type.
    public Tensor output() {
        Tensor sample =
                patchOutput.forward(tokens.video(), time, latents.size(1), latents.size(3), latents.size(4), probe);
        probe.see("sample", sample);
        return sample;
    }
}
