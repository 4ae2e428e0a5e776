package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import org.bytedeco.pytorch.Tensor;

/// First-block cache: where what the first block adds to the video has hardly changed since the last computed
/// step, the other blocks add what they added then.
///
/// Source: `first_block_cache.py` of diffusers, after ParaAttention.
final class FirstBlockCache implements StepCache {
    private final double threshold;
    private final Kept firstResidual = new Kept(); // [rows, video tokens, width]
    private final Kept otherResiduals = new Kept(); // [rows, tokens, width]

    private FirstBlockCache(double threshold) {
        this.threshold = threshold;
    }

    /// @param threshold the largest relative change at which blocks are skipped
    record Settings(double threshold) implements CacheSettings {
        @Override
        public StepCache start(CacheRun run) {
            return new FirstBlockCache(threshold);
        }

        @Override
        public long keptBytes(CacheShape shape) {
            return shape.videoBytes() + shape.tokenBytes();
        }
    }

    @Override
    public Tensor predict(TransformerCall call) {
        ForwardPass pass = call.begin();
        Tensor before = pass.tokens().video().clone();
        pass.block(0);
        Tensor residual = pass.tokens().video().sub(before);
        before.close();
        if (isComputed(residual)) {
            firstResidual.keep(residual);
            Tensor head = pass.tokens().all().clone();
            pass.blocksFrom(1);
            otherResiduals.keep(pass.tokens().all().sub(head));
        } else {
            pass.tokens().all().add_(otherResiduals.get());
        }
        return pass.output();
    }

    private boolean isComputed(Tensor residual) {
        return threshold == 0 || !firstResidual.isThere() || Change.relative(residual, firstResidual.get()) > threshold;
    }

    @Override
    public void close() {
        firstResidual.close();
        otherResiduals.close();
    }
}
