package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.transformer.BlockParts;
import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import io.github.cogvideo4j.inference.internal.transformer.TransformerInput;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// FasterCache (Lv et al., arXiv 2410.19355) by the rules of diffusers. At most steps only the positive rows
/// are computed, and the negative prediction is rebuilt from how its frequencies differed before; at every
/// other one of these, attention is carried forward from its last two outputs.
///
/// Source: `faster_cache.py` of diffusers.
final class FasterCache implements StepCache, BlockParts {
    private final Settings settings;
    private final FrequencySplit frequencies = new FrequencySplit();
    private final List<History> histories = new ArrayList<>();
    private boolean positiveOnly;
    private boolean extrapolates;
    private int index;

    private FasterCache(Settings settings, int blocks) {
        this.settings = settings;
        for (int i = 0; i < blocks; i++) {
            histories.add(new History());
        }
    }

    /// @param attentionWeight    how far attention is carried beyond its last output
    /// @param attentionEvery     attention is computed at each call whose number this divides
    /// @param attentionTimesteps between which it is carried forward
    /// @param negativeEvery      the negative rows are computed at each call whose number this divides
    /// @param negativeTimesteps  between which they are rebuilt
    /// @param low                how the difference of low frequencies grows
    /// @param high               how that of high frequencies grows
    record Settings(
            double attentionWeight,
            int attentionEvery,
            Range attentionTimesteps,
            int negativeEvery,
            Range negativeTimesteps,
            Growth low,
            Growth high)
            implements CacheSettings {
        @Override
        public StepCache start(CacheRun run) {
            run.requireGuidance("faster");
            return new FasterCache(this, run.config().numLayers());
        }

        @Override
        public long keptBytes(CacheShape shape) {
            return shape.blocks() * shape.tokenBytes() + FrequencySplit.keptBytes(shape);
        }
    }

    /// The factors by which a difference of frequencies grows at the steps that are rebuilt with it.
    ///
    /// @param factor    the factor
    /// @param timesteps between which it applies
    record Growth(double factor, Range timesteps) {
        double at(double timestep) {
            return timesteps.holds(timestep) ? factor : 1;
        }
    }

    /// The positive rows of a block's last two attention outputs.
    private static final class History implements AutoCloseable {
        private final Kept earlier = new Kept();
        private final Kept last = new Kept();

        void add(Tensor output) {
            earlier.keep(last.isThere() ? last.get().alias() : output.alias());
            last.keep(output);
        }

        Tensor extrapolated(double weight) {
            return last.get().add(last.get().sub(earlier.get()).mul(new Scalar(weight)));
        }

        @Override
        public void close() {
            earlier.close();
            last.close();
        }
    }

    @Override
    public Tensor predict(TransformerCall call) {
        double timestep = call.timestep();
        positiveOnly = frequencies.isMeasured()
                && index % settings.negativeEvery != 0
                && settings.negativeTimesteps.holds(timestep);
        extrapolates = positiveOnly
                && settings.attentionTimesteps.holds(timestep)
                && (index == 0 || index % settings.attentionEvery != 0);
        index++;
        TransformerInput input = call.input();
        long half = input.latents().size(0) / 2;
        if (!positiveOnly) {
            Tensor prediction = computed(call.begin());
            if (settings.negativeEvery > 1) {
                frequencies.measure(prediction.narrow(0, 0, half), prediction.narrow(0, half, half));
            }
            return prediction;
        }
        Tensor positive = computed(call.begin(input.rows(half, half)));
        frequencies.weigh(settings.low.at(timestep), settings.high.at(timestep));
        return torch.cat(new TensorVector(frequencies.rebuilt(positive), positive));
    }

    private Tensor computed(ForwardPass pass) {
        for (int i = 0; i < pass.blocks(); i++) {
            pass.block(i, this);
        }
        return pass.output();
    }

    @Override
    public Tensor attention(int block, long rows, Supplier<Tensor> compute) {
        History history = histories.get(block);
        Tensor output = extrapolates ? history.extrapolated(settings.attentionWeight) : compute.get();
        if (settings.negativeEvery > 1) {
            long positive = positiveOnly ? rows : rows / 2;
            history.add(output.narrow(0, rows - positive, positive).clone());
        }
        return output;
    }

    @Override
    public void close() {
        frequencies.close();
        histories.forEach(History::close);
    }
}
