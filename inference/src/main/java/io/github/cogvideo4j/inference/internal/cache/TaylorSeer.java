package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.transformer.BlockParts;
import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/// TaylorSeer (Liu et al., arXiv 2503.06923): at most steps outputs are not computed but extrapolated from
/// those of the computed steps, with differences as the derivatives of a Taylor series.
///
/// Source: `taylorseer_cache.py` of diffusers.
final class TaylorSeer implements StepCache, BlockParts {
    private final Settings settings;
    private final TaylorSeries whole;
    private final List<TaylorSeries> attentions = new ArrayList<>();
    private final List<TaylorSeries> feedForwards = new ArrayList<>();
    private boolean predicts;
    private int step = -1;

    private TaylorSeer(Settings settings, int blocks) {
        this.settings = settings;
        this.whole = series();
        for (int i = 0; i < blocks; i++) {
            attentions.add(series());
            feedForwards.add(series());
        }
    }

    private TaylorSeries series() {
        return new TaylorSeries(settings.order, ScalarTypes.of(settings.factors));
    }

    /// The parts of a block that are extrapolated.
    enum BlockPart {
        /// Each block's attention.
        ATTENTION,
        /// Each block's feed-forward.
        FEED_FORWARD,
        /// The whole prediction, instead of parts of blocks.
        PREDICTION
    }

    /// @param interval    from one computed step to the next
    /// @param warmUp      how many steps are computed first
    /// @param computeFrom the step from which all are computed again
    /// @param order       of the series
    /// @param factors     the type in which its factors are kept
    /// @param parts       what is extrapolated
    record Settings(
            int interval, int warmUp, OptionalInt computeFrom, int order, Precision factors, Set<BlockPart> parts)
            implements CacheSettings {
        Settings {
            parts = Set.copyOf(parts);
        }

        @Override
        public StepCache start(CacheRun run) {
            return new TaylorSeer(this, run.config().numLayers());
        }

        @Override
        public long keptBytes(CacheShape shape) {
            if (interval == 1) {
                return 0;
            }
            long elements = parts.contains(BlockPart.PREDICTION)
                    ? shape.rows() * shape.latentElements()
                    : (long) parts.size() * shape.blocks() * (shape.tokenBytes() / shape.elementBytes());
            return (order + 1L) * elements * factors.dtype().bytes();
        }

        private boolean isComputed(int step) {
            return step < warmUp
                    || Math.floorMod(step - warmUp - 1, interval) == 0
                    || (computeFrom.isPresent() && step >= computeFrom.getAsInt());
        }
    }

    @Override
    public Tensor predict(TransformerCall call) {
        step++;
        predicts = step > 0 && !settings.isComputed(step);
        if (!settings.parts.contains(BlockPart.PREDICTION)) {
            return computed(call.begin());
        }
        return part(BlockPart.PREDICTION, whole, () -> {
            ForwardPass pass = call.begin();
            pass.blocksFrom(0);
            return pass.output();
        });
    }

    private Tensor computed(ForwardPass pass) {
        for (int i = 0; i < pass.blocks(); i++) {
            pass.block(i, this);
        }
        return pass.output();
    }

    @Override
    public Tensor attention(int block, long rows, Supplier<Tensor> compute) {
        return part(BlockPart.ATTENTION, attentions.get(block), compute);
    }

    @Override
    public Tensor feedForward(int block, long rows, Supplier<Tensor> compute) {
        return part(BlockPart.FEED_FORWARD, feedForwards.get(block), compute);
    }

    private Tensor part(BlockPart part, TaylorSeries series, Supplier<Tensor> compute) {
        if (!settings.parts.contains(part)) {
            return compute.get();
        }
        if (predicts) {
            return series.at(step);
        }
        Tensor output = compute.get();
        if (settings.interval > 1) {
            series.update(output, step);
        }
        return output;
    }

    @Override
    public void close() {
        whole.close();
        attentions.forEach(TaylorSeries::close);
        feedForwards.forEach(TaylorSeries::close);
    }
}
