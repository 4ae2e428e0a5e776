package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.transformer.BlockParts;
import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import io.github.cogvideo4j.inference.internal.transformer.TransformerInput;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// FasterCache as ComfyUI-CogVideoXWrapper computes it: by calls instead of timesteps, with the negative row
/// computed and the positive one rebuilt, and attention's last output reused as it is. Its two cached outputs
/// share one memory on the computing device, so that the difference between them, by which it means to carry
/// attention forward, is always zero.
///
/// Source: `custom_cogvideox_transformer_3d.py` of the wrapper.
final class WrapperFasterCache implements StepCache, BlockParts {
    private static final int FULL_EVERY = 5;
    private static final int ATTENTION_EVERY = 3;
    private static final double GROWTH = 1.1;

    private final Settings settings;
    private final FrequencySplit frequencies = new FrequencySplit();
    private final List<Kept> outputs = new ArrayList<>(); // [rows, tokens, width]
    private int count;

    private WrapperFasterCache(Settings settings, int blocks) {
        this.settings = settings;
        for (int i = 0; i < Math.min(blocks, settings.blocks); i++) {
            outputs.add(new Kept());
        }
    }

    /// @param start   the call, counted from 1, at which attention is first kept
    /// @param lowEnd  the last call at which the difference of low frequencies grows
    /// @param highBegin the first call at which that of high frequencies grows
    /// @param blocks  in how many blocks, from the first on, attention is reused
    record Settings(int start, int lowEnd, int highBegin, int blocks) implements CacheSettings {
        /// From the start on, what is reused has to be computed first.
        private static final int AHEAD = 3;

        @Override
        public StepCache start(CacheRun run) {
            run.requireGuidance("faster");
            return new WrapperFasterCache(this, run.config().numLayers());
        }

        @Override
        public long keptBytes(CacheShape shape) {
            return Math.min(shape.blocks(), blocks) * shape.tokenBytes() + FrequencySplit.keptBytes(shape);
        }
    }

    @Override
    public Tensor predict(TransformerCall call) {
        count++;
        TransformerInput input = call.input();
        long half = input.latents().size(0) / 2;
        if (isReusing() && count % FULL_EVERY != 0) {
            Tensor negative = computed(call.begin(input.rows(0, half)));
            frequencies.weigh(count <= settings.lowEnd ? GROWTH : 1, count >= settings.highBegin ? GROWTH : 1);
            return torch.cat(new TensorVector(negative, frequencies.rebuilt(negative)));
        }
        Tensor prediction = computed(call.begin());
        if (count > settings.start) {
            frequencies.measure(prediction.narrow(0, half, half), prediction.narrow(0, 0, half));
        }
        return prediction;
    }

    private boolean isReusing() {
        return count >= settings.start + Settings.AHEAD;
    }

    private Tensor computed(ForwardPass pass) {
        for (int i = 0; i < pass.blocks(); i++) {
            pass.block(i, this);
        }
        return pass.output();
    }

    @Override
    public Tensor attention(int block, long rows, Supplier<Tensor> compute) {
        if (block >= outputs.size()) {
            return compute.get();
        }
        Kept kept = outputs.get(block);
        if (isReusing() && count % ATTENTION_EVERY != 0) {
            return kept.get().narrow(0, 0, rows).clone();
        }
        Tensor output = compute.get();
        if (count == settings.start) {
            kept.keep(output.clone());
        } else if (count > settings.start) {
            keepRows(kept, output);
        }
        return output;
    }

    /// Half as many rows as are kept stand for both halves.
    private static void keepRows(Kept kept, Tensor output) {
        long rows = output.size(0);
        for (long first = 0; first < kept.get().size(0); first += rows) {
            kept.get().narrow(0, first, rows).copy_(output);
        }
    }

    @Override
    public void close() {
        frequencies.close();
        outputs.forEach(Kept::close);
    }
}
