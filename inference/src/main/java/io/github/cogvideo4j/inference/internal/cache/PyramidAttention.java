package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.transformer.BlockParts;
import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/// Pyramid attention broadcast (Zhao et al., arXiv 2408.12588): in the middle of the run each block's attention
/// is computed at every n-th step, and its last output is used at the others. Norms and feed-forwards are
/// computed always.
///
/// Source: `pyramid_attention_broadcast.py` of diffusers.
final class PyramidAttention implements StepCache, BlockParts {
    private final Settings settings;
    private final List<Kept> outputs = new ArrayList<>();
    private boolean reuses;
    private int index;

    private PyramidAttention(Settings settings, int blocks) {
        this.settings = settings;
        for (int i = 0; i < blocks; i++) {
            outputs.add(new Kept());
        }
    }

    /// @param every     attention is computed at each call whose number this divides; 1 at all
    /// @param timesteps between which outputs are used again
    record Settings(int every, Range timesteps) implements CacheSettings {
        @Override
        public StepCache start(CacheRun run) {
            return new PyramidAttention(this, run.config().numLayers());
        }

        @Override
        public long keptBytes(CacheShape shape) {
            return every == 1 ? 0 : shape.blocks() * shape.tokenBytes();
        }
    }

    @Override
    public Tensor predict(TransformerCall call) {
        reuses = index % settings.every != 0 && settings.timesteps.holds(call.timestep());
        index++;
        ForwardPass pass = call.begin();
        for (int i = 0; i < pass.blocks(); i++) {
            pass.block(i, this);
        }
        return pass.output();
    }

    @Override
    public Tensor attention(int block, long rows, Supplier<Tensor> compute) {
        Kept kept = outputs.get(block);
        if (reuses && kept.isThere()) {
            return kept.get().clone();
        }
        Tensor output = compute.get();
        if (settings.every > 1) {
            kept.keep(output.clone());
        }
        return output;
    }

    @Override
    public void close() {
        outputs.forEach(Kept::close);
    }
}
